"""Parents for the benchmark of inheritance, and their children by one mutation each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.graph import GraphGenome, GraphSpace, first_model
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.operators import amoeba, genet, graph, large_scale

from evonas.errors import NotApplicable
from evonas.evolution import Genome, Operator, Origin
from evonas.seeds import named_seed
from evonas.settings import read_genotype
from evonas.task import Task

FILTERS = (16, 32, 64)
"""Of NASH's first model."""

GROWN = (
    "lr=0.05 relu=v1,v2,v3,v4,v5 input>v1:e1=conv(6.0,1.0,1.0,0.0) v1>v2:e2=conv(1.5,1.0,1.0,1.0) "
    "v2>v3:e3=conv(1.0,1.0,1.0,0.0) v3>v4:e4=conv(2.0,1.0,1.0,1.0) v4>v5:e5=conv(1.0,1.0,1.0,0.0) "
    "v5>output:start v2~v4:s1 v3~v5:s2"
)
"""A Large-scale Evolution individual such as a search grows: five convolutions and two skips."""

Kinds = Mapping[str, Sequence[Operator]]
"""What children are made by, under the names of the groups that are reported."""

MORPHISMS: Kinds = {
    operator.name.removeprefix("graph-"): (operator,)
    for operator in (
        graph.deepen,
        graph.widen,
        graph.zero_widen,
        graph.enlarge_kernel,
        graph.add_skip,
        graph.concat_skip,
        graph.replicate_add,
        graph.split_concat,
    )
}
"""All that preserve and apply to the first model (dilations need filters of one tap, or dilated ones)."""

CHANGES = (
    large_scale.insert_convolution,
    large_scale.remove_convolution,
    large_scale.alter_stride,
    large_scale.alter_number_of_channels,
    large_scale.filter_size,
    large_scale.insert_one_to_one,
    large_scale.add_skip,
    large_scale.remove_skip,
)
"""Large-scale Evolution's mutations that change the network."""


@dataclass(frozen=True)
class Family:
    """A parent and how its children are made.

    Attributes:
        title: For people.
        make: Makes the parent for a task.
        kinds: Groups of operators; each child is made by one operator of its group.
    """

    title: str
    make: Callable[[Task], Genome]
    kinds: Kinds

    def child(self, parent: Genome, kind: str, number: int, seed: int, task: Task) -> Genome:
        """The parent's clone after one mutation that changes its network; always the same.

        Raises:
            NotApplicable: None of the group's operators applies.
        """
        rng = random.Random(named_seed(seed, f"{parent.name}/{kind}/{number}"))
        before, reason = parent.decode(task), ""
        for _ in range(100):
            child = parent.clone()
            child.origin, child.number = Origin((0,), kind), None
            try:
                changed: Genome = rng.choice(self.kinds[kind]).mutate(child, rng)
            except NotApplicable as why:
                reason = str(why)
                continue
            if changed.decode(task) != before:
                return changed
        raise NotApplicable(f"{kind} in 100 draws: {reason or 'it changed nothing'}")


def _first_model(task: Task) -> Genome:
    return GraphGenome(first_model(task, FILTERS), GraphSpace().for_task(task))


def _amoeba(task: Task) -> Genome:
    return read_genotype(AmoebaGenome, AmoebaSpace(cells=1, filters=8), "amoebanet-a-paper")


def _genet(task: Task) -> Genome:
    return read_genotype(GenetGenome, GenetSpace(filters=8, pool=2, hidden=64, dropout=0.2), "genet-1")


def _large_scale(task: Task) -> Genome:
    return LargeScaleGenome.from_text(GROWN, LargeScaleSpace(reference=task.input_shape))


FAMILIES = {
    "graph": Family("NASH's first model", _first_model, MORPHISMS),
    "amoeba": Family(
        "AmoebaNet-A (N=1, F=8)", _amoeba, {"mutation": (amoeba.hidden_state, amoeba.operation)}
    ),
    "large-scale": Family("Large-scale Evolution", _large_scale, {"mutation": CHANGES}),
    "genet": Family("GeNet #1", _genet, {"mutation": (genet.flip_bits,)}),
}
"""All parents by name."""
