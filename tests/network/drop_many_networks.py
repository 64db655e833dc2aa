"""Decodes, builds, trains and drops one network after the other; prints what the process holds on to.

    python tests/network/drop_many_networks.py 2000 200

Started by test_network.py in a process of its own. Prints one JSON object a line: after the second
number of networks, and after the first.
"""

import gc
import json
import linecache
import random
import sys
from pathlib import Path

import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from torch.fx import GraphModule, graph_module

from evonas.network.network import build
from evonas.task import Task


def held() -> dict[str, float]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "megabytes": pages * 4096 / 2**20,
        "sources": len(graph_module._loader.eval_cache),
        "lines": sum(name.startswith("<eval_with_key>") for name in linecache.cache),
        "classes": len(GraphModule.__subclasses__()),
    }


def main(networks: int, warm: int) -> None:
    torch.set_num_threads(1)
    rng = random.Random(0)
    space = AmoebaSpace(cells=1, filters=4, stages=2, combinations=2)
    task = Task(1, 8, 8, 4)
    images = torch.randn(4, 1, 8, 8)
    for number in range(1, networks + 1):
        network = build(AmoebaGenome.random(space, rng).decode(task), number)
        network(images).sum().backward()
        del network
        if number in (warm, networks):
            print(json.dumps(held()), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
