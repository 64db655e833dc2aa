import random
import re
from collections import Counter, deque

import pytest
from evonas.genomes.amoeba import AmoebaGenome

from evonas.errors import UserError
from evonas.evolution.genome import START, Origin
from evonas.evolution.offers import find
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.aging import AgingEvolution
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
def evolve(toolbox):
    """Makes a search of its own toolbox."""

    def make(population=5, sample=3, start=None):
        return AgingEvolution(toolbox, Start(start), population, sample)

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


def algorithm_1(toolbox, P, S, C):  # noqa: N803 - the paper's letters
    """Real et al. 2019, Algorithm 1, line by line."""
    population, history = deque(), []
    while len(population) < P:
        model = toolbox.individual()
        model.accuracy = worth(model)
        population.append(model)
        history.append(model)
    while len(history) < C:
        sample = []
        while len(sample) < S:
            candidate = random.choice(list(population))
            sample.append(candidate)
        parent = max(sample, key=lambda model: model.accuracy)
        (child,) = toolbox.mutate(toolbox.clone(parent))
        child.accuracy = worth(child)
        population.append(child)
        history.append(child)
        population.popleft()
    return history, population, max(history, key=lambda model: model.accuracy)


@pytest.mark.parametrize(("P", "S", "C"), [(10, 3, 150), (20, 20, 60), (5, 1, 40), (1, 2, 20), (30, 5, 30)])
def test_it_is_algorithm_1(toolbox, evolve, P, S, C):  # noqa: N803 - the paper's letters
    state = random.getstate()
    history, population, best = algorithm_1(toolbox, P, S, C)
    random.setstate(state)
    search = evolve(P, S)
    ours = run(search, C)
    assert ours == history
    assert list(search.population) == list(population)
    assert max(ours, key=lambda genome: genome.fitness) == best


def test_evolution_finds_more_than_random_search_does(toolbox, evolve):
    evolved = max(worth(genome) for genome in run(evolve(20, 10), 400))
    drawn = max(worth(toolbox.individual()) for _ in range(400))
    assert evolved > drawn + 3


def test_the_oldest_dies_and_the_population_never_exceeds_its_size(evolve):
    search = evolve(population=6)
    for number in range(50):
        told(search, numbered(search, number), random.random())
        assert search.living() == set(range(max(0, number - 5), number + 1))
        assert len(search.population) <= 6


def test_even_the_best_dies_of_age(evolve):
    search = evolve(population=4)
    first = told(search, numbered(search, 0), 1000.0)
    for number in range(1, 5):
        told(search, numbered(search, number), 1.0)
    assert first not in search.population
    assert search.living() == {1, 2, 3, 4}


def test_samples_are_drawn_with_replacement(evolve):
    # Of two individuals a sample of two misses the better one in a quarter of the draws; without replacement,
    # never.
    search = evolve(population=2, sample=2)
    run(search, 2, fitness=lambda genome: 0.0)
    worse, better = search.population
    worse.fitness.values, better.fitness.values = (1.0,), (2.0,)
    parents = Counter(search.ask().origin.parents for _ in range(2000))
    assert 400 < parents[(worse.number,)] < 600
    assert parents.total() == 2000 == parents[(worse.number,)] + parents[(better.number,)]


def test_a_sample_may_be_larger_than_the_population(evolve):
    search = evolve(population=2, sample=50)
    run(search, 2, fitness=lambda genome: 0.0)
    search.population[1].fitness.values = (2.0,)
    assert {search.ask().origin.parents for _ in range(50)} == {(1,)}


# -- filling ------------------------------------------------------------------------------------


def test_while_the_population_fills_no_more_than_its_size_are_asked_for(evolve):
    search = evolve(population=3)
    asked = [numbered(search, number) for number in range(3)]
    assert all(genome.origin == Origin((), "random") for genome in asked)
    assert search.ask() is None
    told(search, asked[1], 1.0)
    told(search, asked[0], 1.0)
    assert search.ask() is None
    told(search, asked[2], 1.0)
    assert search.ask().origin.parents


def test_failures_neither_enter_nor_age_the_population(evolve):
    search = evolve(population=3)
    first = [numbered(search, number) for number in range(3)]
    for genome, fitness in zip(first, (1.0, None, 2.0), strict=True):
        told(search, genome, fitness)
    assert search.living() == {0, 2}
    another = numbered(search, 3)
    assert another.origin == Origin((), "random")
    assert search.ask() is None
    told(search, another, 3.0)
    for number in range(4, 10):
        told(search, numbered(search, number))
        assert search.living() == {0, 2, 3}
    told(search, numbered(search, 10), 0.0)
    assert search.living() == {2, 3, 10}


def test_results_may_come_in_any_order(evolve):
    search = evolve(population=3)
    run(search, 3)
    flying = [numbered(search, number) for number in range(3, 7)]
    for genome in reversed(flying):
        told(search, genome, 1.0)
    assert [genome.number for genome in search.population] == [5, 4, 3]


# -- beginning with a genotype ------------------------------------------------------------------


def test_the_start_comes_first_and_its_mutants_wait_for_it(evolve, genome):
    search = evolve(population=4, start=genome)
    first = numbered(search, 0)
    assert first == genome
    assert first is not genome
    assert first.origin == Origin((), START)
    assert search.ask() is None
    told(search, first, 1.0)
    mutants = [numbered(search, number) for number in (1, 2, 3)]
    assert search.ask() is None
    assert {mutant.origin.parents for mutant in mutants} == {(0,)}
    assert all(mutant.origin.operator.startswith("amoeba-") for mutant in mutants)
    for mutant in mutants:
        told(search, mutant, 2.0)
    assert search.living() == {0, 1, 2, 3}
    assert genome.number is None


def test_a_start_that_failed_lends_its_genotype_all_the_same(evolve, genome):
    search = evolve(population=2, start=genome)
    told(search, numbered(search, 0))
    assert search.living() == {0}  # its mutants may still be asked for
    for number in (1, 2):
        child = numbered(search, number)
        assert child.origin.parents == (0,)
        told(search, child, 1.0)
    assert search.living() == {1, 2}


# -- state --------------------------------------------------------------------------------------


def snapshot(search):
    return [(g.number, g.fitness.values, str(g)) for g in search.population], search.living()


@pytest.mark.parametrize("with_start", [False, True])
def test_asking_changes_nothing_and_a_replay_ends_in_the_same_state(toolbox, evolve, genome, with_start):
    start = genome if with_start else None
    search, events, flying = evolve(4, 2, start), [], deque()
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
        if once is not None:
            once.number = number
            search.asked(once)
            flying.append(once)
            events.append(("asked", once))

        replayed = evolve(4, 2, start)
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


def test_the_toolboxs_selection_is_the_papers(evolve, toolbox):
    evolve(sample=7)
    assert toolbox.select.keywords == {"tournsize": 7}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population: expected at least 1, got 0"),
        ({"sample": -3}, "sample: expected at least 1, got -3"),
    ],
)
def test_impossible_settings_are_refused(evolve, settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        evolve(**settings)


def test_it_is_found_by_name_with_the_papers_settings():
    assert find("strategies", "aging") is AgingEvolution
    assert AgingEvolution.settings == {"population": 100, "sample": 25}
