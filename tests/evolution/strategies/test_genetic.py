"""The genetic algorithm, line by line (Xie and Yuille 2017, Algorithm 1)."""

import random
from statistics import fmean

import pytest
from deap import tools
from evonas.genomes.genet import GenetGenome, GenetSpace
from scipy.stats import chisquare

from evonas.evolution.genome import Genome, Origin

# -- selection --------------------------------------------------------------------------------------


def test_the_worst_of_a_generation_has_no_child(algorithm, drive, ones):
    for seed in range(30):
        first, second = drive(algorithm(seed=seed, population=10), ones, 2)
        worst = min(map(ones, first))
        parents = {number for child in second for number in child.origin.parents}
        assert parents and all(ones(first[number]) > worst for number in parents)


# -- crossover and mutation -------------------------------------------------------------------------


def test_pairs_are_crossed_with_p_c_and_only_the_others_mutate_with_p_m(algorithm, drive, ones):
    size, rounds = 200, 20
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


def test_crossed_children_exchange_stages_and_name_both_parents_their_own_first(algorithm, drive, ones):
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


def test_what_is_not_varied_is_evaluated_again(algorithm, drive, ones):
    first, second = drive(algorithm(p_m=0.0, p_c=0.0), ones, 2)
    assert len(second) == 20
    known = {genome.number: genome for genome in first}
    for child in second:
        assert child.origin.operator == "copy"
        assert child == known[child.origin.parents[0]] and child.number not in known


def test_the_last_of_an_odd_number_has_no_partner(algorithm, drive, ones):
    for generation in drive(algorithm(population=5, p_m=0.0, p_c=1.0), ones, 5)[1:]:
        operators = [genome.origin.operator for genome in generation]
        assert operators == ["genet-swap-stages"] * 4 + ["copy"]


def test_what_is_registered_is_used(algorithm, drive, ones):
    strategy = algorithm(p_m=1.0, p_c=0.5)
    strategy.toolbox.register("mate", tools.cxTwoPoint)
    strategy.toolbox.register("mutate", tools.mutFlipBit, indpb=1.0)
    first, second = drive(strategy, ones, 2)
    known = {genome.number: genome for genome in first}
    found = set()
    for child in second:
        found.add(child.origin.operator)
        if child.origin.operator == "mutFlipBit":
            parent = known[child.origin.parents[0]]
            assert isinstance(child, GenetGenome) and isinstance(parent, GenetGenome)
            assert [a + b for a, b in zip(child, parent, strict=True)] == [1] * 19
    assert found == {"cxTwoPoint", "mutFlipBit"}


def test_it_finds_what_the_fitness_wants(algorithm, drive, ones):
    generations = drive(algorithm(), ones, 40)
    means = [fmean(map(ones, generation)) for generation in generations]
    assert means[-1] > means[0] + 0.2
    assert max(map(ones, generations[-1])) > max(map(ones, generations[0]))


# -- fitness ----------------------------------------------------------------------------------------


def test_fitness_is_the_mean_over_all_occurrences(algorithm, drive):
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


def test_what_was_told_stays_as_it_was_measured(algorithm, drive):
    values = iter(range(1000))
    (first,) = drive(algorithm(GenetSpace(density=0)), lambda genome: float(next(values)), 1)
    assert [genome.fitness.values for genome in first] == [(float(value),) for value in range(20)]


def test_isomorphic_codes_are_different_individuals(algorithm):
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


def test_failures_have_no_children_and_do_not_count_in_a_mean(algorithm, drive, ones):
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


def test_it_goes_on_where_a_whole_generation_has_failed(algorithm, drive):
    generations = drive(algorithm(population=6), lambda genome: None, 3)
    assert [len(generation) for generation in generations] == [6, 6, 6]


# -- beginnings -------------------------------------------------------------------------------------


def test_it_begins_at_random(algorithm, drive, ones):
    (first,) = drive(algorithm(population=50), ones, 1)
    assert all(genome.origin == Origin() for genome in first)
    assert len({str(genome) for genome in first}) > 45


def test_it_begins_from_all_zeros(algorithm, drive, ones):
    generations = drive(algorithm(GenetSpace(density=0)), ones, 30)
    assert not any(map(ones, generations[0]))  # all tie: selection is uniform
    assert max(map(ones, generations[-1])) > 0.4


def test_a_start_comes_first_and_its_mutants_wait_for_its_weights(algorithm, ask):
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
