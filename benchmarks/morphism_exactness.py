"""How exactly morphisms preserve the function: chains of random ones, on random networks of every genome.

Each chain starts from a random network with random weights and random normalisation statistics, and applies
1 to 30 preserving morphisms, each length as likely. After each, the outputs in evaluation mode are compared
with those before it and with the first network's: the largest difference, relative to the *spread* of the
outputs over inputs (the standard deviation over images, the median over logits), in float64 and in float32,
with weights carried in that type. The parent has to stay as it is to the last bit, and each morphism has to
change something. Networks whose outputs hardly depend on the input say nothing and are drawn again; they are
counted.

Run it as ``python benchmarks/morphism_exactness.py``. It exits with status 1 where a chain fails, which is
printed as JSON and can be played again with ``--repeat FILE``, or where a kind was applied too seldom.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from evonas.genomes.amoeba import OPERATIONS, AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.operators import morphisms
from evonas.operators.morphisms import Deepen, EnlargeKernel, ReplicateAdd, SplitConcat, Widen

from evonas.architecture import Architecture
from evonas.architecture.layers import Conv2d
from evonas.errors import NotApplicable
from evonas.evolution import Morphism, new_name
from evonas.seeds import guarded, named_seed
from evonas.task import Task
from evonas.testing import (
    TOLERANCES,
    Chain,
    ChainError,
    Draw,
    Limits,
    draws_of,
    extend,
    grown,
    random_architecture,
    repeat,
)

TASK = Task(3, 8, 8, 4)
OFTEN = 5
"""Each kind has to be applied at least once in so many chains."""
TYPES = {"float64": (torch.float64,), "float32": (torch.float32,), "both": tuple(TOLERANCES)}


def amoeba(rng: random.Random) -> Architecture:
    space = AmoebaSpace(cells=1, filters=3, stages=1, combinations=3, operations=tuple(OPERATIONS))
    return grown(AmoebaGenome, space, 5, rng).decode(TASK)


def genet(rng: random.Random) -> Architecture:
    return grown(GenetGenome, GenetSpace(nodes=(3, 3), filters=(3, 4), hidden=5), 5, rng).decode(TASK)


def hierarchical(rng: random.Random) -> Architecture:
    space = HierarchicalSpace(motifs=(3, 1), nodes=(3, 3), groups=1, filters=2, mutations=20)
    return grown(HierarchicalGenome, space, 20, rng).decode(TASK)


def large_scale(rng: random.Random) -> Architecture:
    space = LargeScaleSpace(max_depth=6, max_channels=8, reference=(3, 8, 8))
    return grown(LargeScaleGenome, space, 30, rng).decode(TASK)


def drawn(rng: random.Random) -> Architecture:
    return random_architecture(rng, TASK)


FAMILIES = {
    "drawn node by node": drawn,
    "amoeba": amoeba,
    "genet": genet,
    "hierarchical": hierarchical,
    "large-scale": large_scale,
}


def equal(kind: type[Widen] | type[ReplicateAdd]) -> Draw:
    """Draws a kind with the paper's equal shares."""
    return lambda architecture, rng: dataclasses.replace(kind.draw(architecture, rng), equal=True)


def somewhere(
    make: Callable[[str, str], Morphism], architecture: Architecture, rng: random.Random
) -> Morphism:
    """A morphism of the first node, in a random order, where it applies; it gets a new name."""
    nodes, name = sorted(architecture), new_name(architecture, "made", rng)
    rng.shuffle(nodes)
    for node in nodes:
        morphism = make(node, name)
        try:
            morphism.rewrite(architecture)
        except NotApplicable:
            continue
        return morphism
    raise NotApplicable("no node")


def residual(architecture: Architecture, rng: random.Random) -> Morphism:
    kernel = rng.choice((1, 3))
    return somewhere(lambda node, name: Deepen(node, kernel, name, residual=True), architecture, rng)


def in_three(architecture: Architecture, rng: random.Random) -> Morphism:
    return somewhere(lambda node, name: SplitConcat(node, 3, name), architecture, rng)


def longer(architecture: Architecture, rng: random.Random) -> Morphism:
    """Filters that grow along one axis, by 2 or 4."""
    axis, more = rng.randrange(2), rng.choice((2, 4))

    def make(node: str, name: str) -> Morphism:
        layer = architecture.layer(node)
        sides = (
            list(layer.kernel) if isinstance(layer, Conv2d) and isinstance(layer.kernel, tuple) else [1, 1]
        )
        sides[axis] += more
        return EnlargeKernel(node, (sides[0], sides[1]))

    return somewhere(make, architecture, rng)


DRAWS: dict[str, Draw] = {
    **draws_of(getattr(morphisms, name) for name in morphisms.__all__),
    "Widen, equal shares": equal(Widen),
    "ReplicateAdd, equal shares": equal(ReplicateAdd),
    "Deepen, residual": residual,
    "SplitConcat in three": in_three,
    "EnlargeKernel, one axis": longer,
}


@dataclass
class Row:
    """What is counted of one kind, or of one family of networks."""

    count: int = 0
    other: Counter[str] = field(default_factory=Counter)
    worst: dict[torch.dtype, float] = field(default_factory=dict)

    def add(self, gaps: dict[torch.dtype, float]) -> None:
        self.count += 1
        for kind, gap in gaps.items():
            self.worst[kind] = max(gap, self.worst.get(kind, 0.0))

    def line(self, name: str, others: tuple[str, ...]) -> str:
        """One line of a table."""
        gaps = (f"{self.worst[kind]:.1e}" if kind in self.worst else "-" for kind in TOLERANCES)
        return (
            f"| {' | '.join([name, str(self.count), *(str(self.other[other]) for other in others), *gaps])} |"
        )


class Study:
    """Counts and largest gaps over many chains."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.kinds = {name: Row() for name in sorted(DRAWS)}
        self.families = {name: Row() for name in FAMILIES}
        self.failed = 0

    def run(self, number: int) -> None:
        """One chain; networks that are nearly constant are drawn again."""
        family = list(FAMILIES)[number % len(FAMILIES)]
        row, seed = self.families[family], named_seed(self.options.seed, f"chain {number}")
        rng = random.Random(seed)
        while True:
            with guarded(rng.getrandbits(32)):
                architecture = FAMILIES[family](rng)
            chain = Chain(architecture, rng.getrandbits(32), TYPES[self.options.dtype])
            if chain.lively:
                break
            row.other["dead"] += 1
        limits = Limits(nodes=len(architecture) + 60, parameters=architecture.parameter_count() + 20_000)
        try:
            tally = extend(chain, DRAWS, rng.randint(1, self.options.length), rng, limits)
        except ChainError as failure:
            self.failed += 1
            print(f"\nchain {number} ({family}) failed: {failure}\n", flush=True)
            return
        row.add(chain.gaps())
        row.other["morphisms"] += len(tally.applied)
        for name, gaps in tally.applied:
            self.kinds[name].add(gaps)
        for counts, what in ((tally.refused, "refused"), (tally.oversized, "oversized")):
            for name, times in counts.items():
                self.kinds[name].other[what] += times

    def report(self) -> None:
        gaps, columns = "largest gap, float64 | float32", f"| --- |{' ---: |' * 5}"
        print(f"| morphism | applied | refused | too large | {gaps} |\n{columns}")
        for name, row in self.kinds.items():
            print(row.line(name, ("refused", "oversized")))
        print(
            f"\n| networks | chains | morphisms | drawn again | {gaps}, whole chain |\n| --- |{' ---: |' * 5}"
        )
        for name, row in self.families.items():
            print(row.line(name, ("morphisms", "dead")))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chains", type=int, default=1000)
    parser.add_argument("--length", type=int, default=30, help="the most morphisms of a chain")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=TYPES, default="both")
    parser.add_argument("--repeat", type=Path, help="a chain that failed, as it was printed")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if options.repeat:
        print(repeat(json.loads(options.repeat.read_text(encoding="utf-8"))).gaps())
        return 0
    study, began = Study(options), time.perf_counter()
    # Building a network makes many objects, which the collector would look through again and again.
    gc.disable()
    for number in range(options.chains):
        study.run(number)
        gc.collect()
    gc.enable()
    seconds = time.perf_counter() - began
    print(
        f"{options.chains} chains of up to {options.length} morphisms, seed {options.seed}, "
        f"torch {torch.__version__}, {seconds:.0f} s, {study.failed} failed\n"
    )
    study.report()
    seldom = [name for name, row in study.kinds.items() if row.count * OFTEN < options.chains]
    if seldom:
        print(f"\napplied less than once in {OFTEN} chains: {', '.join(seldom)}")
    return int(bool(study.failed or seldom))


if __name__ == "__main__":
    sys.exit(main())
