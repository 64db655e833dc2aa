"""A drawing depends on what is drawn and on nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from evonas.genomes.amoeba import AmoebaGenome, published

from evonas.architecture.architecture import Architecture
from evonas.drawing import draw_architecture

DRAW = """
import json, sys
from pathlib import Path
from evonas.architecture import Architecture
from evonas.genomes.amoeba import AmoebaGenome, published
folder = Path(sys.argv[1])
for source in sorted(folder.glob("*.json")):
    architecture = Architecture.from_dict(json.loads(source.read_text(encoding="utf-8")))
    architecture.draw(folder / f"{source.stem}.svg")
AmoebaGenome(*published.AMOEBANET_A_TPU).draw(folder / "cells.svg")
assert "torch" not in sys.modules
"""


def test_twice_and_in_processes_that_hash_differently(
    tmp_path: Path, residual: Callable[[int, int], Architecture], tangled: Callable[[int, int], Architecture]
) -> None:
    networks = {"residual": residual(2, 30)} | {f"tangled{size}": tangled(2, size) for size in (40, 300)}
    for net in networks.values():
        net.prune()
    first = {"cells": AmoebaGenome(*published.AMOEBANET_A_TPU).draw(tmp_path / "here.svg").read_bytes()}
    for name, net in networks.items():
        data = json.dumps(net.to_dict())
        first[name] = draw_architecture(
            Architecture.from_dict(json.loads(data)), tmp_path / "a.svg"
        ).read_bytes()
        assert (
            draw_architecture(Architecture.from_dict(json.loads(data)), tmp_path / "b.svg").read_bytes()
            == first[name]
        )
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        for name, net in networks.items():
            (folder / f"{name}.json").write_text(json.dumps(net.to_dict()), encoding="utf-8")
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", DRAW, str(folder)], env=environment, check=True)
        assert {path.stem: path.read_bytes() for path in folder.glob("*.svg")} == first
