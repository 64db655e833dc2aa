import random
import re
from collections import deque

import pytest
from evonas.genomes.amoeba import AmoebaGenome

from evonas.api import evolve, load, resume
from evonas.errors import UserError
from evonas.evolution.genome import START, Origin
from evonas.evolution.offers import find
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.non_aging import NonAgingEvolution
from evonas.evolution.toolboxes import make_toolbox
from evonas.seeds import guarded

pytestmark = pytest.mark.usefixtures("global_random")


def worth(genome):
    """A formula: separable convolutions and deep cells are good."""
    elements = [element for cell in genome.cells for pair in cell.combinations for element in pair]
    return sum(name.startswith("sep") + 0.3 * state for name, state in elements)


@pytest.fixture
def toolbox(space):
    return make_toolbox(AmoebaGenome, space, operators_for("amoeba"))


@pytest.fixture
def search_for(toolbox):
    """Makes a search of its own toolbox."""

    def make(population=5, sample=3, start=None):
        return NonAgingEvolution(toolbox, Start(start), population, sample)

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


def run(search, candidates, fitness=worth):
    """One candidate after the other; the history."""
    history = []
    for number in range(candidates):
        genome = numbered(search, number)
        history.append(told(search, genome, fitness(genome)))
    return history


# -- against the paper --------------------------------------------------------------------------


def by_the_paper(toolbox, P, S, C):  # noqa: N803 - the paper's letters
    """Real et al. 2019: Algorithm 1, but "discarding the worst model in the random S-sample" (Methods)."""
    population, history = [], []
    while len(population) < P:
        model = toolbox.individual()
        model.accuracy = worth(model)
        population.append(model)
        history.append(model)
    while len(history) < C:
        sample = [random.choice(population) for _ in range(S)]
        parent = max(sample, key=lambda model: model.accuracy)
        worst = min(model.accuracy for model in sample)
        dead = next((one for one in sample if one.accuracy == worst and one is not parent), parent)
        (child,) = toolbox.mutate(toolbox.clone(parent))
        child.accuracy = worth(child)
        population = [one for one in population if one is not dead] + [child]
        history.append(child)
    return history, population


@pytest.mark.parametrize(("P", "S", "C"), [(10, 3, 150), (20, 20, 60), (5, 1, 40), (1, 2, 20), (30, 5, 30)])
def test_it_is_what_the_paper_describes(toolbox, search_for, P, S, C):  # noqa: N803 - the paper's letters
    state = random.getstate()
    history, population = by_the_paper(toolbox, P, S, C)
    random.setstate(state)
    search = search_for(P, S)
    assert run(search, C) == history
    assert search.population == population


def test_the_worst_of_the_sample_dies_and_the_proposal_says_so(search_for):
    search = search_for(population=4, sample=200)  # so many draws meet everybody
    run(search, 4, fitness=lambda genome: 0.0)
    for individual, fitness in zip(search.population, (3.0, 1.0, 2.0, 4.0), strict=True):
        individual.fitness.values = (fitness,)
    child = numbered(search, 4)
    assert child.origin.parents == (3,)
    assert child.origin.removed == (1,)
    assert child.origin.operator.startswith("amoeba-")
    assert [one.number for one in search.population] == [0, 2, 3]
    told(search, child, 0.5)
    assert [one.number for one in search.population] == [0, 2, 3, 4]


def test_of_equally_bad_ones_the_parent_does_not_die(search_for):
    search = search_for(population=3, sample=50)
    run(search, 3, fitness=lambda genome: 1.0)
    for _ in range(30):
        child = search.ask()
        assert child.origin.removed != child.origin.parents


def test_alone_in_its_sample_a_parent_leaves_its_place_to_its_child(search_for):
    search = search_for(population=3, sample=1)
    run(search, 3)
    child = numbered(search, 3)
    assert child.origin.removed == child.origin.parents
    assert child.origin.removed[0] in search.living()  # until it is certain
    told(search, child, 0.0)
    assert child.origin.removed[0] not in search.living()


def test_the_best_stays_for_ever(search_for):
    search = search_for(population=5, sample=20)  # never all the same
    best = told(search, numbered(search, 0), 1000.0)
    for number in range(1, 100):
        told(search, numbered(search, number), random.random())
    assert best in search.population


def test_equal_genotypes_are_told_apart(search_for, genome):
    search = search_for(population=3, sample=60)
    for number, fitness in enumerate((2.0, 1.0, 3.0)):
        twin = genome.clone()
        twin.number = number
        search.asked(twin)
        told(search, twin, fitness)
    child = numbered(search, 3)
    assert child.origin.removed == (1,)
    assert [one.number for one in search.population] == [0, 2]


# -- several at once ----------------------------------------------------------------------------


def test_the_population_keeps_its_size_whoever_fails_and_in_any_order(search_for):
    rng = random.Random(5)
    search, flying = search_for(population=6, sample=3), []
    for number in range(120):
        child = numbered(search, number)
        if child is not None:
            flying.append(child)
        if child is None or len(flying) == 4:
            one = flying.pop(rng.randrange(len(flying)))
            told(search, one, None if rng.random() < 0.3 else rng.random())
        if search._founders.complete:
            children = [one for one in flying if one.origin.removed]
            assert len(search.population) + len(children) == 6
            # Nobody is promised the same place twice.
            places = [removed for one in children for removed in one.origin.removed]
            assert len(set(places)) == len(places)
            assert not set(places) & {one.number for one in search.population}


def test_who_was_to_die_comes_back_if_the_child_fails(search_for):
    search = search_for(population=3, sample=30)
    run(search, 3)
    before = {one.number for one in search.population}
    child = numbered(search, 3)
    assert {one.number for one in search.population} == before - set(child.origin.removed)
    assert search.living() == before
    told(search, child)
    assert {one.number for one in search.population} == before


def test_it_waits_while_every_place_is_being_taken(search_for):
    search = search_for(population=2, sample=2)
    run(search, 2)
    first, second = numbered(search, 2), numbered(search, 3)
    assert search.ask() is None
    told(search, second, 1.0)
    assert search.ask().origin.removed == (3,)
    told(search, first, 1.0)
    assert {one.number for one in search.population} == {2, 3}


# -- beginning ----------------------------------------------------------------------------------


def test_while_the_population_fills_no_more_than_its_size_are_asked_for(search_for):
    search = search_for(population=3)
    asked = [numbered(search, number) for number in range(3)]
    assert all(genome.origin == Origin((), "random") for genome in asked)
    assert search.ask() is None
    told(search, asked[1], 1.0)
    told(search, asked[0])
    another = numbered(search, 3)
    assert another.origin == Origin((), "random")
    assert search.ask() is None
    told(search, asked[2], 1.0)
    told(search, another, 1.0)
    assert search.ask().origin.parents


def test_the_start_comes_first_and_its_mutants_wait_for_it(search_for, genome):
    search = search_for(population=4, start=genome)
    first = numbered(search, 0)
    assert first == genome
    assert first is not genome
    assert first.origin == Origin((), START)
    assert search.ask() is None
    told(search, first)  # even where it fails, it lends its genotype
    assert search.living() == {0}
    mutants = [numbered(search, number) for number in (1, 2, 3, 4)]
    assert search.ask() is None
    assert {mutant.origin.parents for mutant in mutants} == {(0,)}
    for mutant in mutants:
        told(search, mutant, 2.0)
    assert search.living() == {1, 2, 3, 4}
    assert genome.number is None


# -- state --------------------------------------------------------------------------------------


def snapshot(search):
    return [(g.number, g.fitness.values, str(g)) for g in search.population], search.living()


@pytest.mark.parametrize("with_start", [False, True])
def test_asking_changes_nothing_and_a_replay_ends_in_the_same_state(toolbox, search_for, genome, with_start):
    start = genome if with_start else None
    search, events, flying = search_for(4, 2, start), [], deque()
    rng = random.Random(3)
    for number in range(40):
        with guarded(number):
            before = snapshot(search)
            once = search.ask()
            search.ask()
            assert snapshot(search) == before
        if once is None or len(flying) == 3:
            told(search, flying[0], None if rng.random() < 0.2 else worth(flying[0]))
            events.append(("tell", flying.popleft()))
            continue
        once.number = number
        search.asked(once)
        flying.append(once)
        events.append(("asked", once))

    replayed = search_for(4, 2, start)
    for event, told_of in events:
        copy = toolbox.clone(told_of)
        if event == "asked":
            del copy.fitness.values
        getattr(replayed, event)(copy)
    assert snapshot(replayed) == snapshot(search)
    found = []
    for strategy in (search, replayed):
        with guarded(99):
            child = strategy.ask()
            found.append((str(child), child.origin) if child else None)
    assert found[0] == found[1]


def formula(genome, rng):
    return worth(genome)


CHOICES = {"config": {"search": {}, "genome": {"cells": 1}}, "strategy": "non-aging", "needs": "genome"}


def history(result):
    return [(c.number, str(c.genome), c.genome.origin, c.fitness) for c in result.journal.candidates()]


def test_a_stopped_and_resumed_run_is_the_run_that_was_not(tmp_path):
    options = {**CHOICES, "evaluate": formula, "population": 6, "sample": 2, "seed": 4}
    whole = history(evolve("amoeba", budget=40, **options))
    assert any(origin.removed for _, _, origin, _ in whole)
    stopped = 0

    def stop(candidate):
        nonlocal stopped
        stopped += 1
        if stopped == 17:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evolve("amoeba", budget=40, run=tmp_path / "run", watch=stop, **options)
    resume(tmp_path / "run", evaluate=formula, needs="genome")
    assert history(load(tmp_path / "run")) == whole


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population: expected at least 1, got 0"),
        ({"sample": -3}, "sample: expected at least 1, got -3"),
    ],
)
def test_impossible_settings_are_refused(search_for, settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        search_for(**settings)


def test_it_is_found_by_name_with_the_papers_settings():
    assert find("strategies", "non-aging") is NonAgingEvolution
    assert NonAgingEvolution.settings == {"population": 100, "sample": 25}
