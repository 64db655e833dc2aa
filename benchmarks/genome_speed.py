"""What genomes cost before any training: to mutate, to decode, to build.

- A mutation beside `clone()` of the genome: at most 3 copies. A mutation is an operator, drawn by weight,
  with the checks that it makes; where it does not apply, what is drawn after it counts too. Below it stands,
  without a target, the engine's `toolbox.mutate`, which also seeds a generator, draws the operator and signs
  what it made: a cost for each candidate that does not depend on the genome.
- Decoding an AmoebaNet with N=3, beside networkx that adds the same nodes and edges, one by one and without
  attributes, and sorts them topologically: at most 3 times that.
- Building the network of each genome, beside bare PyTorch: the same modules, initialised in place by a
  generator, and the same torch.fx graph, compiled: at most 1.5 times that.

Run it as ``python benchmarks/genome_speed.py``. Contenders take turns in each round, the median of rounds
counts, and it exits with status 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import networkx as nx
import torch
from deap import base
from torch import fx, nn

from evonas.architecture import Architecture
from evonas.errors import NotApplicable
from evonas.evolution import Genome, Operator, genome_type, make_toolbox, operators_for
from evonas.network import build
from evonas.task import Task

GENOMES = ("amoeba", "genet", "hierarchical", "large-scale")
PUBLISHED = {"amoeba": "amoebanet-a", "genet": "genet-1", "hierarchical": "hierarchical-best"}
TASK = Task(3, 32, 32, 10)
MUTATION, DECODING, BUILDING = 3.0, 3.0, 1.5
"""The targets: at most so many times what the other side takes."""


@dataclass
class Row:
    """One comparison: what it is called, seconds of either side in each round, and the most it may be."""

    label: str
    ours: list[float]
    theirs: list[float]
    target: float | None

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: the sides of one round met the same disturbances."""
        return statistics.median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    def __str__(self) -> str:
        micro = [1e6 * statistics.median(times) for times in (self.ours, self.theirs)]
        verdict = "" if self.target is None else "FAIL" if self.missed else "pass"
        target = "" if self.target is None else f"{self.target:g}"
        numbers = f"{micro[0]:,.1f} µs | {micro[1]:,.1f} µs | {self.ratio:.2f} | {target}"
        return f"| {self.label} | {numbers} | {verdict} |"

    @property
    def missed(self) -> bool:
        """Whether there is a target and the ratio is above it."""
        return self.target is not None and self.ratio > self.target


def seconds(work: Callable[[Any], Any], things: Sequence[Any]) -> float:
    """Mean seconds that a piece of work takes for a thing: of the processor, so that others count less."""
    began = time.process_time()
    for thing in things:
        work(thing)
    return (time.process_time() - began) / len(things)


# -- mutations -------------------------------------------------------------------------------------


def population(name: str, steps: int, size: int) -> tuple[base.Toolbox, list[Genome]]:
    """Genomes at the ends of lineages of so many mutations, with the toolbox of a search."""
    kind = genome_type(name)
    random.seed(0)
    toolbox = make_toolbox(kind, kind.default_space(), operators_for(name))
    found = []
    for _ in range(size):
        genome = toolbox.individual()
        for _ in range(steps):
            (genome,) = toolbox.mutate(genome)
        genome.fitness.values = (0.5,)
        found.append(genome)
    return toolbox, found


def mutation_rows(name: str, options: argparse.Namespace) -> list[Row]:
    """A mutation of a genome beside a copy of it, and the engine's call."""
    toolbox, genomes = population(name, options.mutations, options.population)
    rows = [
        Row(f"{name}: mutation / copy", [], [], MUTATION),
        Row(f"{name}: the engine's call / copy", [], [], None),
    ]
    operators = [operator for operator in operators_for(name) if operator.kind == "mutation"]
    weights = [operator.weight for operator in operators]
    rng = random.Random(0)
    genomes *= max(1, options.repeats // len(genomes))
    for _ in range(options.rounds):
        drawn = iter(rng.choices(operators, weights, k=100 * len(genomes)))
        copying = seconds(Genome.clone, genomes)
        rows[0].ours.append(seconds(partial(mutated, drawn=drawn, rng=rng), [one.clone() for one in genomes]))
        rows[1].ours.append(seconds(toolbox.mutate, [one.clone() for one in genomes]))
        for row in rows:
            row.theirs.append(copying)
    return rows


def mutated(genome: Genome, drawn: Iterator[Operator], rng: random.Random) -> Genome:
    """A genome after the first of the drawn operators that applies."""
    while True:
        try:
            child: Genome = next(drawn).mutate(genome, rng)
            return child
        except NotApplicable:
            continue


# -- decoding --------------------------------------------------------------------------------------


def plain_graph(nodes: list[str], edges: list[list[str]]) -> list[str]:
    """The bare graph, sorted."""
    graph = nx.DiGraph()
    for node, sources in zip(nodes, edges, strict=True):
        graph.add_node(node)
        for source in sources:
            graph.add_edge(source, node)
    return list(nx.topological_sort(graph))


def decoding_rows(options: argparse.Namespace) -> list[Row]:
    """Decoding an AmoebaNet beside building and sorting a graph of that shape."""
    genome = example("amoeba", options)
    net = genome.decode(TASK)
    nodes = list(net)
    edges = [sorted(set(net.inputs(node))) for node in nodes]
    row = Row(f"amoeba: decoding {len(nodes)} nodes / networkx", [], [], DECODING)
    for _ in range(options.rounds):
        row.ours.append(seconds(genome.decode, [TASK] * options.decodings))
        row.theirs.append(seconds(partial(plain_graph, edges=edges), [nodes] * options.decodings))
    return [row]


# -- networks --------------------------------------------------------------------------------------


def example(name: str, options: argparse.Namespace) -> Genome:
    """A published genotype; of Large-scale Evolution, which has none, one of the population above."""
    kind = genome_type(name)
    if name in PUBLISHED:
        return kind.from_dict(kind.published()[PUBLISHED[name]], kind.default_space())
    largest: Genome = max(
        population(name, options.mutations, options.population)[1], key=lambda genome: len(str(genome))
    )
    return largest


@dataclass
class Recipe:
    """A network as a plain list of steps: what someone would have written down by hand."""

    modules: list[tuple[str, type[nn.Module], tuple[Any, ...], dict[str, Any]]]
    steps: list[tuple[str, str, Any, Any, Any]]

    @classmethod
    def of(cls, network: fx.GraphModule) -> Recipe:
        """Reads it off a network."""
        steps = [
            (node.name, node.op, node.target, node.args, dict(node.kwargs)) for node in network.graph.nodes
        ]
        modules = [
            (str(target), *_constructor(network.get_submodule(str(target))))
            for _, op, target, _, _ in steps
            if op == "call_module"
        ]
        return cls(modules, steps)

    def build(self, seed: int) -> fx.GraphModule:
        """The network, without evonas."""
        generator = torch.Generator().manual_seed(seed)
        modules: dict[str, nn.Module] = {}
        for name, kind, arguments, choices in self.modules:
            modules[name] = kind(*arguments, **choices)
            _initialise(modules[name], generator)
        graph = fx.Graph()
        values: dict[str, fx.Node] = {}
        for name, op, target, arguments, choices in self.steps:
            inputs = fx.node.map_arg(arguments, lambda node: values[node.name])
            values[name] = graph.create_node(op, target, inputs, choices, name=name)
        return fx.GraphModule(modules, graph)


def _constructor(module: nn.Module) -> tuple[type[nn.Module], tuple[Any, ...], dict[str, Any]]:
    if isinstance(module, nn.Conv2d):
        names = ("stride", "padding", "dilation", "groups")
        choices = {name: getattr(module, name) for name in names}
        sizes = (module.in_channels, module.out_channels, module.kernel_size)
        return nn.Conv2d, sizes, {**choices, "bias": module.bias is not None}
    if isinstance(module, nn.BatchNorm2d):
        return nn.BatchNorm2d, (module.num_features,), {}
    if isinstance(module, nn.Linear):
        return nn.Linear, (module.in_features, module.out_features), {}
    if isinstance(module, nn.Dropout):
        return nn.Dropout, (module.p,), {}
    raise TypeError(f"no hand-written twin of a {type(module).__name__}")


@torch.no_grad()
def _initialise(module: nn.Module, generator: torch.Generator) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=module.in_features**-0.5, generator=generator)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()


def building_rows(name: str, options: argparse.Namespace) -> list[Row]:
    """Building a genome's network beside bare PyTorch."""
    architecture: Architecture = example(name, options).decode(TASK)
    recipe = Recipe.of(build(architecture))
    check_twins(build(architecture), recipe.build(0))
    row = Row(f"{name}: network of {len(architecture)} nodes / PyTorch", [], [], BUILDING)
    turns = range(options.builds * max(1, 300 // len(architecture)))
    for _ in range(options.rounds):
        row.ours.append(seconds(partial(build, architecture), turns))
        row.theirs.append(seconds(recipe.build, turns))
    return [row]


def check_twins(network: fx.GraphModule, twin: fx.GraphModule) -> None:
    """Checks that both sides build the same network, so that none is compared with less.

    Raises:
        RuntimeError: Their code or the shapes of their parameters differ.
    """
    shapes = [{k: v.shape for k, v in one.named_parameters()} for one in (network, twin)]
    if network.code != twin.code or shapes[0] != shapes[1]:
        raise RuntimeError("the network and its hand-written twin differ")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--genome", choices=GENOMES, help="only this one")
    parser.add_argument("--rounds", type=int, default=25, help="of which the median counts")
    parser.add_argument("--repeats", type=int, default=400, help="mutations in each round")
    parser.add_argument("--mutations", type=int, default=40, help="that made the genomes which are mutated")
    parser.add_argument("--population", type=int, default=20, help="genomes which are mutated")
    parser.add_argument("--decodings", type=int, default=3, help="in each round")
    parser.add_argument("--builds", type=int, default=1, help="in each round, of small networks more")
    parser.add_argument("--no-fail", action="store_true", help="exit with status 0 whatever was measured")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    names = [options.genome] if options.genome else list(GENOMES)
    rows: list[Row] = []
    print("| what / beside what | evonas | the other | ratio | target | |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    measurements: list[Callable[[argparse.Namespace], list[Row]]]
    measurements = [partial(mutation_rows, name) for name in names]
    measurements += [decoding_rows] if "amoeba" in names else []
    measurements += [partial(building_rows, name) for name in names]
    for measure in measurements:
        gc.collect()
        for row in measure(options):
            rows.append(row)
            print(row, flush=True)
    return 1 if any(row.missed for row in rows) and not options.no_fail else 0


if __name__ == "__main__":
    sys.exit(main())
