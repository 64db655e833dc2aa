"""Crossover in the toolbox: drawn by weight, applied in place, checked."""

import random

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace

from evonas.errors import NotApplicable, UserError
from evonas.evolution.genome import Origin
from evonas.evolution.operator import Operator, crossover, mutation
from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox


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


def test_there_is_no_mate_without_a_crossover() -> None:
    assert not hasattr(make_toolbox(AmoebaGenome, AmoebaSpace(), operators_for("amoeba")), "mate")
    unwanted = Operator("unwanted", "genet", "crossover", exchange.function, 0.0)
    assert not hasattr(make_toolbox(GenetGenome, GenetSpace(), [nothing, unwanted]), "mate")
