import random
import re
from collections import Counter

import pytest
from evonas.genomes.large_scale import Dna, LargeScaleGenome, LargeScaleSpace
from evonas.genomes.large_scale.text import read
from scipy.stats import chisquare

from evonas.errors import UserError
from evonas.evolution.genome import RANDOM, START, Genome, Origin
from evonas.evolution.offers import find
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.tournament import PairwiseTournament
from evonas.evolution.toolboxes import make_toolbox
from evonas.seeds import guarded

pytestmark = pytest.mark.usefixtures("global_random")

UNLIKELY = 1e-4


def worth(genome: LargeScaleGenome) -> float:
    """A formula: convolutions and skips are good."""
    return len(genome.dna.convolutions()) + 0.3 * len(genome.dna.skips())


@pytest.fixture
def evolve():
    """Makes a search."""

    def make(population=6, mutations=1, start=None):
        toolbox = make_toolbox(LargeScaleGenome, LargeScaleSpace(), operators_for("large-scale"))
        return PairwiseTournament(toolbox, Start(start), population, mutations)

    return make


def numbered(search, number):
    """Asks for a candidate, which is then being evaluated."""
    genome = search.ask()
    if genome is not None:
        genome.number = number
        search.asked(genome)
    return genome


def told(search, genome, fitness=None):
    if fitness is not None:
        genome.fitness.values = (fitness,)
    search.tell(genome)
    return genome


def filled(search, fitnesses):
    """Asks for and tells the first individuals."""
    return [told(search, numbered(search, number), value) for number, value in enumerate(fitnesses)]


def numbers(search):
    return sorted(individual.number for individual in search.population)


# -- against the paper --------------------------------------------------------------------------


def test_it_begins_with_trivial_individuals(evolve):
    search = evolve(population=5)
    first = filled(search, [0.1] * 5)
    assert all(genome.dna == Dna.trivial(0.1) for genome in first)
    assert all(genome.origin == Origin((), RANDOM) for genome in first)
    assert numbered(search, 5).origin.parents


def test_at_the_set_point_the_worse_of_two_is_killed_and_the_better_has_a_child(evolve):
    """Of six with distinct fitness, each pair is as likely: its better is the parent, its worse is dead."""
    pairs: Counter[tuple[int, int]] = Counter()
    search = evolve(population=6)
    filled(search, [0.5, 0.1, 0.4, 0.2, 0.6, 0.3])
    fitness = {one.number: one.fitness.values[0] for one in search.population}
    for _ in range(3000):
        child = search.ask()  # changes nothing
        (parent,), (dead,) = child.origin.parents, child.origin.removed
        assert fitness[parent] > fitness[dead]
        assert not child.fitness.valid
        pairs[parent, dead] += 1
    assert numbers(search) == list(range(6))
    assert len(pairs) == 15
    assert chisquare(list(pairs.values())).pvalue > UNLIKELY


def test_who_was_killed_leaves_when_the_child_is_asked(evolve):
    search = evolve(population=4)
    filled(search, [0.1, 0.2, 0.3, 0.4])
    child = numbered(search, 4)
    (dead,) = child.origin.removed
    assert numbers(search) == sorted({0, 1, 2, 3} - {dead})
    told(search, child, 0.5)
    assert numbers(search) == sorted({0, 1, 2, 3, 4} - {dead})
    assert search.living() == {0, 1, 2, 3, 4} - {dead}


def test_the_population_stays_at_its_set_point_whatever_is_pending(evolve):
    """Pending children count; only those that were told are picked."""
    search = evolve(population=6)
    filled(search, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    pending = []
    for number in range(6, 10):
        known = set(numbers(search))
        child = numbered(search, number)
        assert set(child.origin.parents) | set(child.origin.removed) <= known
        assert len(child.origin.removed) == 1
        pending.append(child)
        assert len(search.population) + len(pending) == 6
    assert len(search.population) == 2
    told(search, pending.pop(0), 0.7)
    assert len(search.population) + len(pending) == 6


def test_it_waits_where_all_but_one_are_pending(evolve):
    search = evolve(population=3)
    filled(search, [0.1, 0.2, 0.3])
    first = numbered(search, 3)
    assert numbered(search, 4) is not None
    assert len(search.population) == 1
    assert search.ask() is None
    told(search, first, 0.5)
    assert search.ask() is not None


def test_below_the_set_point_nobody_is_killed(evolve):
    """After failures the population grows back: reproduction without killing."""
    search = evolve(population=5)
    filled(search, [0.1, None, 0.3, None, 0.5])
    assert numbers(search) == [0, 2, 4]
    for number in (5, 6):
        child = numbered(search, number)
        assert child.origin.removed == ()
        told(search, child, 0.4)
    assert len(search.population) == 5
    assert len(numbered(search, 7).origin.removed) == 1


def test_one_whose_evaluation_failed_dies(evolve):
    search = evolve(population=4)
    filled(search, [0.1, 0.2, 0.3, 0.4])
    child = told(search, numbered(search, 4))
    assert child.number not in numbers(search)
    assert len(search.population) == 3
    assert numbered(search, 5).origin.removed == ()


def test_where_fewer_than_two_are_left_the_initial_one_is_made_again(evolve):
    search = evolve(population=3)
    filled(search, [None, 0.2, None])
    fresh = numbered(search, 3)
    assert fresh.dna == Dna.trivial(0.1)
    assert fresh.origin == Origin((), RANDOM)
    assert search.ask() is None
    told(search, fresh, 0.1)
    assert search.ask().origin.parents in ((1,), (3,))


def test_equals_are_told_apart(evolve):
    """The trivial individuals are all equal; the one that was killed is the one that leaves."""
    search = evolve(population=5)
    filled(search, [0.1] * 5)
    for number in range(5, 25):
        child = numbered(search, number)
        assert child.origin.removed[0] not in numbers(search)
        assert len(search.population) == 4
        told(search, child, 0.1)


def test_it_climbs(evolve):
    search = evolve(population=10)
    history = []
    for number in range(300):
        genome = numbered(search, number)
        history.append(told(search, genome, worth(genome)))
    assert max(map(worth, history[:10])) == 0
    assert max(map(worth, history)) > 8
    assert min(map(worth, search.population)) > 3


# -- settings -----------------------------------------------------------------------------------


def test_the_papers_settings():
    assert PairwiseTournament.settings == {"population": 1000, "mutations": 1}
    assert find("strategies", "tournament") is PairwiseTournament


def test_several_mutations_for_each_child(evolve):
    start = LargeScaleGenome(Dna.trivial(0.1))
    names = {operator.name for operator in operators_for("large-scale")}
    for mutations in (1, 5):
        search = evolve(population=2, mutations=mutations, start=start)
        told(search, numbered(search, 0), 0.1)
        child = numbered(search, 1)
        made_by = child.origin.operator.split("+")
        assert len(made_by) == mutations
        assert set(made_by) <= names
        assert child.origin.parents == (0,)


def test_a_start_takes_the_first_place_and_mutants_of_it_the_others(evolve):
    start = LargeScaleGenome(read("lr=0.1 input>a:e1=conv(4.0,1.0,1.0,0.0) a>output:start"))
    search = evolve(population=3, start=start)
    first = numbered(search, 0)
    assert (first, first.origin) == (start, Origin((), START))
    assert search.ask() is None  # its mutants wait until they can inherit its weights
    told(search, first, 0.1)
    for number in (1, 2):
        assert numbered(search, number).origin.parents == (0,)
        assert 0 in search.living()


@pytest.mark.parametrize(("population", "mutations", "name"), [(0, 1, "population"), (4, 0, "mutations")])
def test_impossible_settings_are_refused(evolve, population, mutations, name):
    with pytest.raises(UserError, match=re.escape(f"{name}: expected at least 1, got 0")):
        evolve(population=population, mutations=mutations)


def test_a_population_of_one_is_two(evolve):
    search = evolve(population=1)
    filled(search, [0.1, 0.2])
    child = numbered(search, 2)
    assert (child.origin.parents, child.origin.removed) == ((1,), (0,))


# -- resuming -----------------------------------------------------------------------------------


def run(search, candidates, look_ahead=3, log=None):
    """As the engine runs it; every fifth evaluation fails. Returns the candidates in the order told."""
    waiting: list[Genome] = []
    history: list[Genome] = []
    number = 0
    while len(history) < candidates:
        while len(waiting) < look_ahead:
            with guarded(number):
                genome = search.ask()
            if genome is None:
                break
            genome.number = number
            search.asked(genome)
            log.append(("asked", genome.clone())) if log is not None else None
            waiting.append(genome)
            number += 1
        genome = waiting.pop(0)
        if genome.number % 5:
            genome.fitness.values = (worth(genome),)
        search.tell(genome)
        log.append(("tell", genome.clone())) if log is not None else None
        history.append(genome)
    return history


def state(search):
    return (
        [(one.number, one.fitness.values, str(one)) for one in search.population],
        search._pending,
        search._asked,
        search.living(),
    )


def test_replaying_asked_and_tell_gives_the_same_state(evolve):
    for candidates in (2, 7, 40, 120):
        log: list[tuple[str, Genome]] = []
        search = evolve(population=8)
        run(search, candidates, log=log)
        again = evolve(population=8)
        for event, genome in log:
            (again.asked if event == "asked" else again.tell)(genome.clone())
        assert state(again) == state(search)
        with guarded(1):
            expected = search.ask()
        with guarded(1):
            assert (again.ask(), expected.origin) == (expected, expected.origin)


def test_the_same_seed_gives_the_same_search(evolve):
    first, second = (run(evolve(population=6, mutations=2), 60) for _ in range(2))
    assert first == second
    assert [one.origin for one in first] == [one.origin for one in second]


def test_asking_changes_nothing(evolve):
    search = evolve(population=6)
    run(search, 30)
    before, rng = state(search), random.getstate()
    for _ in range(10):
        search.ask()
    assert state(search) == before
    random.setstate(rng)
