"""Hill climbing (Elsken et al. 2018, Algorithm 1)."""

import random

import pytest
from evonas.genomes.genet import GenetGenome, GenetSpace

from evonas.errors import UserError
from evonas.evolution.genome import GIVEN, START
from evonas.evolution.operator import mutation
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.hill_climbing import TRAINED_ON, HillClimbing
from evonas.evolution.toolboxes import make_toolbox

pytestmark = pytest.mark.usefixtures("global_random")


@mutation("genet", name="step")
def step(genome, rng):
    place = rng.randrange(len(genome))
    genome[place] ^= 1
    return genome


def climbing(start=None, operators=None, **tactics):
    toolbox = make_toolbox(GenetGenome, GenetSpace(), operators or [step])
    return HillClimbing(toolbox, start or Start(), **{"neighbours": 4, "morphisms": 2, **tactics})


def drive(strategy, score, count, number=0):
    """Asks as far as it goes and tells in order."""
    told = []
    waiting = []
    while len(told) < count:
        while (genome := strategy.ask()) is not None:
            genome.number = number
            number += 1
            strategy.asked(genome)
            waiting.append(genome)
        genome = waiting.pop(0)
        fitness = score(genome)
        if fitness is not None:
            genome.fitness.values = (fitness,)
        strategy.tell(genome)
        told.append(genome)
    return told


def test_a_step_is_children_of_the_best_and_the_best_itself():
    told = drive(climbing(), sum, 1 + 3 * 4)
    current = told[0]
    for begin in (1, 5, 9):
        neighbours = told[begin : begin + 4]
        assert all(one.origin.parents == (current.number,) for one in neighbours)
        *children, last = neighbours
        assert [one.origin.operator for one in children] == ["step+step"] * 3
        assert last.origin.operator == TRAINED_ON
        assert list(last) == list(current)
        current = max(neighbours, key=lambda one: one.fitness)  # of equals the first


def test_it_climbs():
    told = drive(climbing(neighbours=6, morphisms=1), sum, 1 + 30 * 6)
    assert max(sum(one) for one in told) == 19


def test_the_next_is_the_best_neighbour_even_if_it_is_worse():
    """The paper's argmax is over the neighbours: the last current one counts as trained on, not as it was."""
    scores = iter([0.9, 0.1, 0.2, 0.3, 0.25, 0.1, 0.1, 0.1, 0.1])
    told = drive(climbing(), lambda one: next(scores), 9)
    assert {one.origin.parents for one in told[5:]} == {(3,)}


def test_with_one_neighbour_nothing_is_selected():
    """The paper's random networks, n_neigh = 1."""
    scores = iter([0.9, 0.1, 0.5, 0.2, 0.4])
    told = drive(climbing(neighbours=1), lambda one: next(scores), 5)
    assert [one.origin.parents for one in told] == [(), (0,), (1,), (2,), (3,)]
    assert {one.origin.operator for one in told[1:]} == {"step+step"}


def test_failures_are_left_out():
    told = drive(climbing(), lambda one: None if one.number in (2, 4) else sum(one), 9)
    best = max((one for one in told[1:5] if one.fitness.valid), key=lambda one: one.fitness)
    assert {one.origin.parents for one in told[5:]} == {(best.number,)}
    stuck = climbing()
    told = drive(stuck, lambda one: sum(one) if one.number == 0 else None, 9)
    assert {one.origin.parents for one in told[1:]} == {(0,)}


def test_a_first_model_that_failed_is_made_again():
    told = drive(climbing(), lambda one: None if one.number == 0 else sum(one), 3)
    assert [one.origin.parents for one in told] == [(), (), (1,)]


def test_it_waits_for_the_first_and_for_a_whole_step():
    strategy = climbing()
    first = strategy.ask()
    first.number = 0
    strategy.asked(first)
    assert strategy.ask() is None
    first.fitness.values = (1.0,)
    strategy.tell(first)
    for number in range(1, 5):
        child = strategy.ask()
        child.number = number
        strategy.asked(child)
    assert strategy.ask() is None
    assert strategy.living() == {0}


def test_a_start_is_trained_and_a_given_one_is_measured():
    genome = GenetGenome([1] * 19)
    assert climbing(Start(genome)).ask().origin.operator == START
    assert climbing(Start(genome, given=True)).ask().origin.operator == GIVEN


@pytest.mark.parametrize("name", ["neighbours", "morphisms"])
def test_settings_are_checked(name):
    with pytest.raises(UserError, match=f"{name}: expected at least 1, got 0"):
        climbing(**{name: 0})


def test_it_climbs_with_any_genomes_operators():
    random.seed(1)
    told = drive(climbing(operators=operators_for("genet")), sum, 20)
    assert told[-1].origin.operator in (TRAINED_ON, "genet-flip-bits+genet-flip-bits")


def test_a_climb_in_vain_begins_anew():
    strategy = climbing(restart_after=2)
    told = drive(strategy, lambda genome: 1.0, 1 + 2 * 4 + 1)
    assert told[9].origin.operator == "random" and not told[9].origin.parents
    forever = drive(climbing(), lambda genome: 1.0, 1 + 2 * 4 + 1)
    assert forever[9].origin.parents
    with pytest.raises(UserError, match="restart_after: expected a whole number of at least 1, got 0"):
        climbing(restart_after=0)
