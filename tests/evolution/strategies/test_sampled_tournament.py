import random
import re
from collections import Counter, deque

import pytest
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from scipy.stats import chisquare

from evonas.api import evolve, load, resume
from evonas.errors import UserError
from evonas.evolution.genome import START, Origin
from evonas.evolution.offers import find
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.sampled_tournament import SampledTournament
from evonas.evolution.toolboxes import make_toolbox
from evonas.seeds import guarded

pytestmark = pytest.mark.usefixtures("global_random")

SPACE = HierarchicalSpace(motifs=(2, 1), nodes=(4, 4), mutations=60)


def worth(genome):
    """A formula: separable convolutions are good."""
    return sum(operation == 3 for motif in genome.levels[0] for operation in motif.operations)


@pytest.fixture
def toolbox():
    return make_toolbox(HierarchicalGenome, SPACE, operators_for("hierarchical"))


@pytest.fixture
def search_for(toolbox):
    """Makes a search of its own toolbox."""

    def make(population=5, share=0.4, tournament="growing", start=None):
        return SampledTournament(toolbox, Start(start), population, share, tournament)

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


def by_the_paper(toolbox, initial, share, steps):
    """Liu et al. 2018, Algorithm 1 with one worker: select by tournament, mutate, evaluate, keep all."""
    memory = []
    while len(memory) < initial:
        genotype = toolbox.individual()
        memory.append((genotype, worth(genotype)))
    while len(memory) < steps:
        drawn = random.Random(random.getrandbits(64)).sample(memory, round(share * len(memory)))
        parent, _ = max(drawn, key=lambda entry: entry[1])
        (child,) = toolbox.mutate(toolbox.clone(parent))
        memory.append((child, worth(child)))
    return [genotype for genotype, _ in memory]


@pytest.mark.parametrize(("initial", "share", "steps"), [(40, 0.05, 120), (10, 0.5, 40), (4, 1.0, 20)])
def test_it_is_algorithm_1(toolbox, search_for, initial, share, steps):
    state = random.getstate()
    memory = by_the_paper(toolbox, initial, share, steps)
    random.setstate(state)
    search = search_for(initial, share)
    assert run(search, steps) == memory
    assert search.population == memory  # nothing is removed


@pytest.mark.parametrize(
    ("tournament", "sizes"),
    [("growing", {200: 10, 2000: 100, 7000: 350}), ("initial", {200: 10, 2000: 10, 7000: 10})],
)
def test_five_percent_of_the_population_as_it_is_or_as_it_was(search_for, tournament, sizes):
    search = search_for(200, 0.05, tournament)
    individual = HierarchicalGenome.chain(SPACE)
    individual.fitness.values = (1.0,)
    for members, size in sizes.items():
        search.population = [individual] * members
        assert search.contestants == size


def test_a_tournament_has_two_members_if_there_are_two(search_for):
    search = search_for(1, 0.05)
    run(search, 1)
    assert search.contestants == 1
    run(search, 1)
    assert search.contestants == 2


def test_nobody_is_in_a_tournament_twice(search_for):
    # Of ten, two meet: the worst never wins, and the others win as often as they are the better of two.
    search = search_for(10, 0.2)
    run(search, 10)
    for rank, individual in enumerate(search.population):
        individual.fitness.values = (float(rank),)
    parents = Counter(search.ask().origin.parents[0] for _ in range(4500))
    assert parents[0] == 0
    assert (
        chisquare([parents[rank] for rank in range(1, 10)], [100 * rank for rank in range(1, 10)]).pvalue
        > 1e-4
    )


def test_nothing_is_ever_removed(search_for):
    search = search_for(5)
    for number in range(60):
        told(search, numbered(search, number), random.random())
        assert search.living() == set(range(number + 1))
    assert len(search.population) == 60


def test_evolution_finds_more_than_random_search_does(toolbox, search_for):
    evolved = max(worth(genome) for genome in run(search_for(20, 0.1), 300))
    drawn = max(worth(toolbox.individual()) for _ in range(300))
    assert evolved > drawn + 1


# -- filling, failing, beginning with a genotype --------------------------------------------------


def test_while_the_population_fills_no_more_than_its_size_are_asked_for(search_for):
    search = search_for(population=3)
    asked = [numbered(search, number) for number in range(3)]
    assert all(genome.origin == Origin((), "random") for genome in asked)
    assert search.ask() is None
    told(search, asked[1], 1.0)
    told(search, asked[0])
    another = numbered(search, 3)
    assert another.origin == Origin((), "random")
    told(search, asked[2], 1.0)
    told(search, another, 1.0)
    assert search.living() == {1, 2, 3}
    child = search.ask()
    assert len(child.origin.parents) == 1
    assert child.origin.operator == "hierarchical-edge"
    assert child.origin.removed == ()


def test_failures_do_not_enter_and_results_may_come_in_any_order(search_for):
    search = search_for(population=3)
    run(search, 3)
    flying = [numbered(search, number) for number in range(3, 8)]
    for genome in reversed(flying):
        told(search, genome, None if genome.number == 5 else 1.0)
    assert [genome.number for genome in search.population] == [0, 1, 2, 7, 6, 4, 3]


def test_the_start_comes_first_and_its_mutants_wait_for_it(search_for):
    genome = HierarchicalGenome.chain(SPACE)
    search = search_for(population=3, start=genome)
    first = numbered(search, 0)
    assert first == genome
    assert first.origin == Origin((), START)
    assert search.ask() is None
    told(search, first, 1.0)
    assert {numbered(search, number).origin.parents for number in (1, 2)} == {(0,)}
    assert search.ask() is None
    assert search.living() == {0}


# -- state --------------------------------------------------------------------------------------


def snapshot(search):
    return [(g.number, g.fitness.values, str(g)) for g in search.population], search.living()


@pytest.mark.parametrize("with_start", [False, True])
@pytest.mark.parametrize("tournament", ["growing", "initial"])
def test_asking_changes_nothing_and_a_replay_ends_in_the_same_state(
    toolbox, search_for, with_start, tournament
):
    start = HierarchicalGenome.chain(SPACE) if with_start else None
    search, events, flying = search_for(6, 0.3, tournament, start), [], deque()
    rng = random.Random(3)
    for number in range(60):
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

    replayed = search_for(6, 0.3, tournament, start)
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


def history(result):
    return [(c.number, str(c.genome), c.genome.origin, c.fitness) for c in result.journal.candidates()]


def test_a_stopped_and_resumed_run_is_the_run_that_was_not(tmp_path):
    options = {"evaluate": formula, "needs": "genome", "population": 8, "seed": 4}
    whole = evolve("hierarchical", budget=40, **options)
    assert whole.settings.strategy == "sampled-tournament"
    stopped = 0

    def stop(candidate):
        nonlocal stopped
        stopped += 1
        if stopped == 17:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evolve("hierarchical", budget=40, run=tmp_path / "run", watch=stop, **options)
    resume(tmp_path / "run", evaluate=formula, needs="genome")
    assert history(load(tmp_path / "run")) == history(whole)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population: expected at least 1, got 0"),
        ({"share": 0}, "share: expected above 0 and at most 1, got 0"),
        ({"share": 5}, "share: expected above 0 and at most 1, got 5"),
        ({"share": "5%"}, "share: expected above 0 and at most 1, got '5%'"),
        ({"tournament": "binary"}, "tournament: expected growing or initial, got 'binary'"),
    ],
)
def test_impossible_settings_are_refused(search_for, settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        search_for(**settings)


def test_it_is_found_by_name_with_the_papers_settings():
    assert find("strategies", "sampled-tournament") is SampledTournament
    assert SampledTournament.settings == {"population": 200, "share": 0.05, "tournament": "growing"}
