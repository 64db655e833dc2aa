"""Crossover in the toolbox: drawn by weight, applied in place, checked."""

import dataclasses
import random

import pytest
from deap import algorithms, tools
from evonas.genomes.genet import GenetGenome, GenetSpace

from evonas.errors import NotApplicable, UserError
from evonas.evolution.genome import Origin
from evonas.evolution.operator import Operator, crossover, mutation
from evonas.evolution.registry import genome_type, operators_for
from evonas.evolution.toolboxes import crosses, make_toolbox


@mutation("genet")
def nothing(genome: GenetGenome, rng: random.Random) -> GenetGenome:
    return genome


@crossover("genet")
def exchange(genome: GenetGenome, other: GenetGenome, rng: random.Random) -> tuple[GenetGenome, GenetGenome]:
    genome[:], other[:] = other[:], genome[:]
    return genome, other


@crossover("genet", weight=9)
def nowhere(genome: GenetGenome, other: GenetGenome, rng: random.Random) -> tuple[GenetGenome, GenetGenome]:
    raise NotApplicable


@crossover("genet")
def only_one(genome: GenetGenome, other: GenetGenome, rng: random.Random) -> GenetGenome:
    return genome


def pair() -> tuple[GenetGenome, GenetGenome]:
    one, other = GenetGenome([0] * 19), GenetGenome([1] * 19)
    one.origin, other.origin = Origin((4, 5)), Origin((5, 4))
    return one, other


def test_a_crossover_varies_both_and_names_itself() -> None:
    toolbox = make_toolbox(GenetGenome, GenetSpace(), [nothing, exchange, nowhere])
    one, other = pair()
    first, second = toolbox.mate(one, other)
    assert first is one and second is other
    assert (sum(one), sum(other)) == (19, 0)
    assert one.origin == Origin((4, 5), "genet-exchange")
    assert other.origin == Origin((5, 4), "genet-exchange")


def test_where_none_applies_it_says_so() -> None:
    toolbox = make_toolbox(GenetGenome, GenetSpace(), [nothing, nowhere])
    with pytest.raises(UserError, match="operators: none of genet-nowhere applied in 100 draws"):
        toolbox.mate(*pair())


def test_a_crossover_that_returns_one_genome_is_refused() -> None:
    toolbox = make_toolbox(GenetGenome, GenetSpace(), [nothing, only_one])
    expected = "operator 'genet-only-one': expected it to return both genomes, got GenetGenome"
    with pytest.raises(UserError, match=expected):
        toolbox.mate(*pair())


@pytest.mark.parametrize("name", ["graph", "large-scale"])
def test_a_genome_without_a_crossover_says_so(name: str) -> None:
    kind = genome_type(name)
    toolbox = make_toolbox(kind, kind.default_space(), operators_for(name))
    assert not crosses(toolbox)
    expected = f"mate: genome '{name}' cannot be crossed .no operator of it is a crossover.: expected cxpb=0"
    with pytest.raises(UserError, match=expected):
        toolbox.mate(toolbox.individual(), toolbox.individual())
    with pytest.raises(UserError, match=expected):
        algorithms.varAnd([toolbox.individual() for _ in range(2)], toolbox, cxpb=1.0, mutpb=0.0)


def test_a_crossover_of_weight_0_is_named() -> None:
    unwanted = Operator("unwanted", "genet", "crossover", exchange.function, 0.0)
    toolbox = make_toolbox(GenetGenome, GenetSpace(), [nothing, unwanted])
    assert not crosses(toolbox)
    with pytest.raises(UserError, match="genome 'genet' cannot be crossed .the weight of unwanted is 0."):
        toolbox.mate(*pair())


def test_a_users_crossover_counts() -> None:
    toolbox = make_toolbox(GenetGenome, GenetSpace(), [nothing])
    toolbox.decorate("mate", tools.History().decorator)  # as loops do that are written for any genome
    with pytest.raises(UserError, match="genome 'genet' cannot be crossed"):
        toolbox.mate(*pair())
    toolbox.register("mate", lambda first, second: (first, second))
    assert crosses(toolbox) and crosses(make_toolbox(GenetGenome, GenetSpace(), [nothing, exchange]))


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("hierarchical", "motifs", (3, 1)),
        ("hierarchical", "nodes", (3, 5)),
        ("amoeba", "operations", ("sep3x3",)),
    ],
)
def test_parents_of_other_spaces_make_no_broken_children(kind: str, setting: str, value: object) -> None:
    genome = genome_type(kind)
    space = genome.default_space()
    other = dataclasses.replace(space, **{setting: value})
    toolbox = make_toolbox(genome, space, operators_for(kind))
    parents = [genome.random(one, random.Random(0)) for one in (space, other)]
    before = [str(parent) for parent in parents]
    with pytest.raises(UserError, match="expected parents of one space"):
        toolbox.mate(*parents)
    assert [str(parent) for parent in parents] == before


def test_parents_of_two_kinds() -> None:
    amoeba, darts = map(genome_type, ("amoeba", "darts"))
    toolbox = make_toolbox(amoeba, amoeba.default_space(), operators_for("amoeba"))
    pair_of_two = toolbox.individual(), darts.random(darts.default_space(), random.Random(0))
    with pytest.raises(UserError, match="expected two genomes of one kind, got 'amoeba' and 'darts'"):
        toolbox.mate(*pair_of_two)
