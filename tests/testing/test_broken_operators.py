"""The contract fails, with a clear message, on operators that are broken on purpose."""

import random

import pytest
from evonas.genomes.amoeba import AmoebaSpace
from evonas.operators import NotApplicable, crossover, mutation

from evonas.task import Task
from evonas.testing import OperatorContract

SMALL = Task(3, 8, 8, 4)
calls = []


@mutation("amoeba")
def returns_nothing(genome, rng):
    genome.normal, genome.reduction = genome.reduction, genome.normal


@mutation("amoeba")
def uses_global_chance(genome, rng):
    genome.normal.set_element(0, 0, (random.choice(genome.space.operations), 0))
    return genome


@mutation("amoeba")
def breaks_the_genome(genome, rng):
    genome.normal.combinations[4] = (("sep3x3", 9), ("sep3x3", 1))
    return genome


@mutation("amoeba")
def leaves_the_space(genome, rng):
    genome.normal.set_element(0, 0, ("conv3x3", 0))
    return genome


@mutation("genet")
def adds_a_bit(genome, rng):
    genome.append(1)
    return genome


@mutation("amoeba")
def changes_the_space(genome, rng):
    object.__setattr__(genome.space, "filters", genome.space.filters + 1)
    return genome


@mutation("genet")
def remembers(genome, rng):
    calls.append(genome)
    genome[len(calls) % len(genome)] ^= 1
    return genome


kept = []


@mutation("genet")
def returns_an_earlier_one(genome, rng):
    """Changes what it was given at the first call, always."""
    kept.append(genome)
    kept[0][rng.randrange(len(genome))] ^= 1
    return kept[0]


@mutation("genet")
def changes_an_earlier_one(genome, rng):
    kept.append(genome)
    kept[-2:][0][0] ^= 1  # the one before
    return genome


@crossover("genet")
def returns_one_twice(genome, other, rng):
    return genome, genome


@mutation("amoeba")
def never_returns(genome, rng):
    while True:
        rng.random()


@mutation("amoeba")
def never_applies(genome, rng):
    raise NotApplicable("no place")


@mutation("amoeba")
def raises(genome, rng):
    return {}["missing"]


@crossover("genet")
def returns_one(genome, other, rng):
    return genome


@mutation("genet")
def returns_another_kind(genome, rng):
    return list(genome)


def failing(operator, space=None):
    kind = type("TestIt", (OperatorContract,), {})
    kind.operator, kind.space, kind.task, kind.draws, kind.seconds = operator, space, SMALL, 6, 0.3
    found = {}
    for name in dir(kind):
        if name.startswith("test_"):
            try:
                getattr(kind(), name)()
            except AssertionError as error:
                found[name] = str(error)
    return found


@pytest.mark.parametrize(
    ("operator", "test", "message"),
    [
        (
            returns_nothing,
            "test_it_returns_genomes_of_the_same_kind",
            "expected it to return the genome, got NoneType",
        ),
        (uses_global_chance, "test_the_same_rng_gives_the_same_child", "draw from the rng alone"),
        (uses_global_chance, "test_it_changes_nothing_global", "it changed the global random generator"),
        (breaks_the_genome, "test_children_are_valid_and_decode", "amoeba-breaks-the-genome"),
        (
            leaves_the_space,
            "test_children_are_valid_and_decode",
            "it left the search space: normal cell, comb",
        ),
        (adds_a_bit, "test_children_are_valid_and_decode", "expected 19 bits"),
        (changes_the_space, "test_parents_stay_untouched", "it changed the search space"),
        (remembers, "test_the_same_rng_gives_the_same_child", "remember nothing between calls"),
        (
            returns_an_earlier_one,
            "test_earlier_children_stay_untouched",
            "it returned a genome that an earlier call had returned",
        ),
        (
            changes_an_earlier_one,
            "test_earlier_children_stay_untouched",
            "it changed a genome that an earlier call had returned",
        ),
        (returns_one_twice, "test_earlier_children_stay_untouched", "it returned one genome twice"),
        (never_returns, "test_children_are_valid_and_decode", "it did not return within 0.3 s"),
        (never_applies, "test_it_applies_to_some_genomes", "it applied to none of 6 random genomes"),
        (raises, "test_children_are_valid_and_decode", "KeyError: 'missing'"),
        (returns_one, "test_it_returns_genomes_of_the_same_kind", "expected it to return both genomes"),
        (returns_another_kind, "test_it_returns_genomes_of_the_same_kind", "got list"),
        (lambda genome, rng: genome, "test_it_is_an_operator", "expected a function with the decorator"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_it_fails_with_a_clear_message(operator, test, message):
    genome = getattr(operator, "genome", "")
    kept.clear()
    found = failing(operator, AmoebaSpace(cells=1, filters=2) if genome == "amoeba" else None)
    assert message in found[test]
    assert getattr(operator, "name", "") in found[test]


def test_a_good_one_passes():
    @mutation("genet")
    def flip_first(genome, rng):
        genome[0] ^= 1
        return genome

    assert failing(flip_first) == {}
