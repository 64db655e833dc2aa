"""The genetic algorithm, line by line (Xie and Yuille 2017, Algorithm 1)."""

import random
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from deap import tools
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from scipy.stats import chisquare

import evonas
from evonas.errors import UserError
from evonas.genome import Genome, Origin
from evonas.registry import operators_for
from evonas.seeds import Stream, derive, guarded
from evonas.strategies import Start
from evonas.strategies.genetic import GeneticAlgorithm
from evonas.toolbox import make_toolbox

Rate = Callable[[Genome], float | None]


def algorithm(
    space: GenetSpace | None = None, start: Genome | None = None, seed: int = 0, **settings: Any
) -> GeneticAlgorithm:
    space = space or GenetSpace()
    toolbox = make_toolbox(GenetGenome, space, operators_for("genet"))
    return GeneticAlgorithm(toolbox, Start(start, seed), **{**GeneticAlgorithm.settings, **settings})


def ask(strategy: GeneticAlgorithm, number: int, seed: int = 0) -> Genome | None:
    """Asks as a search does."""
    with guarded(derive(seed, number, Stream.VARIATION)):
        return strategy.ask()


def drive(
    strategy: GeneticAlgorithm, rate: Rate, generations: int, look_ahead: int = 1000
) -> list[list[Genome]]:
    """Runs whole generations; returns them as they were asked, with the fitness that was told."""
    seed, number, done = strategy.start.seed, 0, []
    while len(done) < generations:
        current: list[Genome] = []
        waiting: list[Genome] = []
        generation = strategy.generation
        while strategy.generation == generation:
            genome = ask(strategy, number, seed) if len(waiting) < look_ahead else None
            if genome is not None:
                genome.number, number = number, number + 1
                strategy.asked(genome)
                waiting.append(genome)
                current.append(genome)
                continue
            told = waiting.pop(0)
            value = rate(told)
            if value is not None:
                told.fitness.values = (value,)
            strategy.tell(told)
        assert not waiting
        done.append(current)
    return done


def ones(genome: Genome) -> float:
    assert isinstance(genome, GenetGenome)
    return sum(genome) / len(genome)


def texts(generations: list[list[Genome]]) -> list[list[str]]:
    return [[str(genome) for genome in generation] for generation in generations]


# -- selection --------------------------------------------------------------------------------------


def test_the_worst_of_a_generation_has_no_child() -> None:
    for seed in range(30):
        first, second = drive(algorithm(seed=seed, population=10), ones, 2)
        worst = min(map(ones, first))
        parents = {number for child in second for number in child.origin.parents}
        assert parents and all(ones(first[number]) > worst for number in parents)


# -- crossover and mutation -------------------------------------------------------------------------


def test_pairs_are_crossed_with_p_c_and_only_the_others_mutate_with_p_m() -> None:
    size, rounds = 200, 50
    strategy = algorithm(population=size, p_m=0.7, p_c=0.3)
    pairs = crossed_pairs = single = mutated = 0
    for generation in drive(strategy, ones, rounds + 1)[1:]:
        operators = [genome.origin.operator for genome in generation]
        for place in range(0, size, 2):
            crossed = [operator == "genet-swap-stages" for operator in operators[place : place + 2]]
            assert crossed[0] == crossed[1]  # consecutive pairs, both or none
            pairs += 1
            crossed_pairs += crossed[0]
            for operator in operators[place : place + 2]:
                if not crossed[0]:
                    single += 1
                    mutated += operator == "genet-flip-bits"
                    assert operator in ("genet-flip-bits", "copy")
    assert chisquare([crossed_pairs, pairs - crossed_pairs], [0.3 * pairs, 0.7 * pairs]).pvalue > 1e-4
    assert chisquare([mutated, single - mutated], [0.7 * single, 0.3 * single]).pvalue > 1e-4


def test_crossed_children_exchange_stages_and_name_both_parents_their_own_first() -> None:
    generations = drive(algorithm(GenetSpace(q_c=0.5), population=40, p_m=1.0, p_c=1.0), ones, 20)
    known = {genome.number: genome for generation in generations for genome in generation}
    mixed = 0
    for generation in generations[1:]:
        for place in range(0, 40, 2):
            one, other = generation[place], generation[place + 1]
            assert isinstance(one, GenetGenome) and isinstance(other, GenetGenome)
            assert one.origin.parents == other.origin.parents[::-1]
            mother, father = (known[number] for number in (one.origin.parents * 2)[:2])
            assert isinstance(mother, GenetGenome) and isinstance(father, GenetGenome)
            stages = zip(one.stages(), other.stages(), mother.stages(), father.stages(), strict=True)
            for a, b, c, d in stages:
                assert (a, b) in ((c, d), (d, c))
            mixed += one not in (mother, father)
    assert mixed > 20


def test_what_is_not_varied_is_evaluated_again() -> None:
    first, second = drive(algorithm(p_m=0.0, p_c=0.0), ones, 2)
    assert len(second) == 20
    known = {genome.number: genome for genome in first}
    for child in second:
        assert child.origin.operator == "copy"
        assert child == known[child.origin.parents[0]] and child.number not in known


def test_the_last_of_an_odd_number_has_no_partner() -> None:
    for generation in drive(algorithm(population=5, p_m=0.0, p_c=1.0), ones, 5)[1:]:
        operators = [genome.origin.operator for genome in generation]
        assert operators == ["genet-swap-stages"] * 4 + ["copy"]


def test_what_is_registered_is_used() -> None:
    strategy = algorithm(p_m=1.0, p_c=0.5)
    strategy.toolbox.register("mate", tools.cxTwoPoint)
    strategy.toolbox.register("mutate", tools.mutFlipBit, indpb=1.0)
    first, second = drive(strategy, ones, 2)
    known = {genome.number: genome for genome in first}
    found = set()
    for child in second:
        found.add(child.origin.operator)
        if child.origin.operator == "mutation":
            parent = known[child.origin.parents[0]]
            assert isinstance(child, GenetGenome) and isinstance(parent, GenetGenome)
            assert [a + b for a, b in zip(child, parent, strict=True)] == [1] * 19
    assert found == {"mutation", "crossover"}


def test_it_finds_what_the_fitness_wants() -> None:
    generations = drive(algorithm(), ones, 40)
    means = [fmean(map(ones, generation)) for generation in generations]
    assert means[-1] > means[0] + 0.2
    assert max(map(ones, generations[-1])) > max(map(ones, generations[0]))


# -- fitness ----------------------------------------------------------------------------------------


def test_fitness_is_the_mean_over_all_occurrences() -> None:
    noise = random.Random(5)
    told: dict[str, list[float]] = {}

    def rate(genome: Genome) -> float:
        value = noise.random()
        told.setdefault(str(genome), []).append(value)
        return value

    strategy = algorithm(GenetSpace(nodes=(2, 3)), population=30)
    for _ in drive(strategy, rate, 8):
        pass
    assert len(told) <= 16  # of 240 evaluations: most occur again and again
    assert strategy.generation == 8
    for individual in strategy.population:
        assert individual.fitness.values == (pytest.approx(fmean(told[str(individual)])),)


def test_what_was_told_stays_as_it_was_measured() -> None:
    values = iter(range(1000))
    (first,) = drive(algorithm(GenetSpace(density=0)), lambda genome: float(next(values)), 1)
    assert [genome.fitness.values for genome in first] == [(float(value),) for value in range(20)]


def test_isomorphic_codes_are_different_individuals() -> None:
    one, other = "1-00|0-00-000|0-00-000-0000", "0-10|0-00-000|0-00-000-0000"
    space = GenetSpace()
    genomes = [GenetGenome.from_text(text, space) for text in (one, other)]
    assert genomes[0].key() == genomes[1].key()
    strategy = algorithm(population=2)
    for number, (genome, value) in enumerate(zip(genomes, (0.2, 0.4), strict=True)):
        genome.number = number
        strategy.asked(genome)
        genome.fitness.values = (value,)
        strategy.tell(genome)
    assert [individual.fitness.values for individual in strategy.population] == [(0.2,), (0.4,)]


def test_failures_have_no_children_and_do_not_count_in_a_mean() -> None:
    def rate(genome: Genome) -> float | None:
        assert genome.number is not None
        return None if genome.number % 3 == 0 else ones(genome)

    strategy = algorithm(population=10)
    generations = drive(strategy, rate, 10)
    for generation in generations:
        for genome in generation:
            assert all(parent % 3 for parent in genome.origin.parents)
    for individual in strategy.population:
        assert individual.fitness.valid == bool(individual.number is not None and individual.number % 3)
        if individual.fitness.valid:
            assert individual.fitness.values == (pytest.approx(ones(individual)),)


def test_it_goes_on_where_a_whole_generation_has_failed() -> None:
    generations = drive(algorithm(population=6), lambda genome: None, 3)
    assert [len(generation) for generation in generations] == [6, 6, 6]


# -- beginnings -------------------------------------------------------------------------------------


def test_it_begins_at_random() -> None:
    (first,) = drive(algorithm(population=50), ones, 1)
    assert all(genome.origin == Origin() for genome in first)
    assert len({str(genome) for genome in first}) > 45


def test_it_begins_from_all_zeros() -> None:
    generations = drive(algorithm(GenetSpace(density=0)), ones, 30)
    assert not any(map(ones, generations[0]))  # all tie: selection is uniform
    assert max(map(ones, generations[-1])) > 0.4


def test_a_start_comes_first_and_its_mutants_wait_for_its_weights() -> None:
    start = GenetGenome.from_dict(GenetGenome.published()["genet-1"], GenetSpace())
    strategy = algorithm(start=start, population=4)
    first = ask(strategy, 0)
    assert first == start and first is not start
    assert first is not None and first.origin == Origin((), "start")
    first.number = 0
    strategy.asked(first)
    assert ask(strategy, 1) is None
    first.fitness.values = (0.5,)
    strategy.tell(first)
    for number in (1, 2, 3):
        child = ask(strategy, number)
        assert child is not None and child.origin == Origin((0,), "genet-flip-bits")
        child.number = number
        strategy.asked(child)
    assert ask(strategy, 4) is None
    assert strategy.living() == {0, 1, 2, 3}


# -- the contract of a strategy ---------------------------------------------------------------------


def test_a_generation_may_be_asked_at_once_and_the_next_one_waits_for_all() -> None:
    strategy = algorithm(population=6)
    current: list[Genome] = []
    for number in range(6):
        genome = ask(strategy, number)
        assert genome is not None
        genome.number = number
        strategy.asked(genome)
        current.append(genome)
    for genome in reversed(current):
        assert ask(strategy, 6) is None
        genome.fitness.values = (ones(genome),)
        strategy.tell(genome)
    assert strategy.generation == 1 and ask(strategy, 6) is not None


def test_asking_changes_nothing() -> None:
    strategy = algorithm(population=4)
    drive(strategy, ones, 1)
    one, other = ask(strategy, 4), ask(strategy, 4)
    assert one is not None and other is not None
    assert one == other and one is not other and one.origin == other.origin
    assert not one.fitness.valid and one.number is None


def state(strategy: GeneticAlgorithm, asked: int) -> list[Any]:
    """All that can be seen of a strategy, what it would propose next included."""
    following = ask(strategy, asked)
    return [
        strategy.generation,
        strategy.living(),
        [
            (str(individual), individual.number, individual.fitness.values)
            for individual in strategy.population
        ],
        following and (str(following), following.origin),
    ]


@pytest.mark.parametrize("start", [None, "genet-2"])
def test_replaying_what_was_asked_and_told_restores_the_state(start: str | None) -> None:
    genome = start and GenetGenome.from_dict(GenetGenome.published()[start], GenetSpace())
    straight = algorithm(start=genome or None, population=4)
    events: list[tuple[str, Genome]] = []
    waiting: list[Genome] = []
    asked = 0
    while straight.generation < 4:
        child = ask(straight, asked) if len(waiting) < 3 else None
        if child is not None:
            child.number, asked = asked, asked + 1
            events.append(("asked", child.clone()))
            straight.asked(child)
            waiting.append(child)
        else:
            told = waiting.pop(0)
            if told.number != 2:  # which fails
                told.fitness.values = (ones(told),)
            events.append(("told", told.clone()))
            straight.tell(told)
        replayed = algorithm(start=genome or None, population=4)
        known: dict[int | None, Genome] = {}
        for kind, event in events:
            if kind == "asked":
                known[event.number] = event.clone()
                replayed.asked(known[event.number])
            else:
                known[event.number].fitness.wvalues = event.fitness.wvalues
                replayed.tell(known[event.number])
        assert state(replayed, asked) == state(straight, asked)


def test_the_same_seed_gives_the_same_search_whatever_the_look_ahead() -> None:
    runs = [texts(drive(algorithm(seed=1), ones, 5, look_ahead)) for look_ahead in (1000, 1, 3)]
    assert runs[0] == runs[1] == runs[2]
    assert texts(drive(algorithm(seed=2), ones, 5)) != runs[0]


def test_the_global_generator_is_left_alone() -> None:
    strategy = algorithm(population=4)
    drive(strategy, ones, 1)
    random.seed(7)
    before = random.getstate()
    strategy.ask()
    assert random.getstate() == before


def test_only_possible_parents_live() -> None:
    strategy = algorithm(population=4)
    first, second = drive(strategy, ones, 2)
    assert strategy.living() == {genome.number for genome in second}
    for number in range(8, 12):
        genome = ask(strategy, number)
        assert genome is not None
        genome.number = number
        strategy.asked(genome)
        alive = {4, 5, 6, 7} if number < 11 else set()
        assert strategy.living() == alive | set(range(8, number + 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population: expected at least 1, got 0"),
        ({"p_m": 1.1}, "p_m: expected a probability from 0 to 1, got 1.1"),
        ({"p_c": "often"}, "p_c: expected a probability from 0 to 1, got 'often'"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        algorithm(**settings)
    assert str(caught.value) == message


def test_a_genome_without_a_crossover_needs_p_c_0() -> None:
    space = AmoebaSpace(cells=1, filters=4, stages=2)
    toolbox = make_toolbox(AmoebaGenome, space, operators_for("amoeba"))
    with pytest.raises(UserError, match="p_c: expected 0 for a genome without a crossover operator, got 0.2"):
        GeneticAlgorithm(toolbox, Start(), **GeneticAlgorithm.settings)
    result = evonas.evolve(
        "amoeba",
        budget=12,
        strategy="genetic",
        population=4,
        p_c=0.0,
        evaluate=lambda genome, rng: rng.random(),
        needs="genome",
    )
    assert len(list(result.history)) == 12


def share_of_ones(genome: GenetGenome, rng: random.Random) -> float:
    return sum(genome) / len(genome) + 0.1 * rng.random()


def rows(result: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in result.history]


def test_a_run_that_stops_within_a_generation_and_goes_on_has_the_same_history(tmp_path: Path) -> None:
    choices: dict[str, Any] = {"evaluate": share_of_ones, "needs": "genome", "seed": 4}
    whole = evonas.evolve("genet", budget=40, population=8, look_ahead=3, **choices)
    assert [row["operator"] for row in rows(whole)][:9].count("random") == 8
    del choices["seed"]
    evonas.evolve("genet", budget=21, population=8, look_ahead=3, run=tmp_path / "run", seed=4, **choices)
    went_on = evonas.resume(tmp_path / "run", budget=40, **choices)
    assert rows(went_on) == rows(whole)
