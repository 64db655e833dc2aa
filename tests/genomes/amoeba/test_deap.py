"""DEAP's own tools and algorithms work on the genome as they are."""

import random

import pytest
from deap import algorithms, tools
from evonas.genomes.amoeba import AmoebaGenome

from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox

pytestmark = pytest.mark.usefixtures("global_random")


def formula(genome):
    elements = [element for cell in genome.cells for pair in cell.combinations for element in pair]
    return (sum(name.startswith("sep") + 0.1 * state for name, state in elements),)


@pytest.fixture
def toolbox(space):
    toolbox = make_toolbox(AmoebaGenome, space, operators_for("amoeba"))
    toolbox.register("evaluate", formula)
    return toolbox


@pytest.fixture
def population(toolbox):
    population = toolbox.population(n=20)
    for individual in population:
        individual.fitness.values = formula(individual)
    return population


def statistics():
    found = tools.Statistics(lambda individual: individual.fitness.values[0])
    found.register("max", max)
    return found


def test_tournaments_choose_the_best_of_their_sample(population):
    best = max(population, key=lambda individual: individual.fitness)
    assert tools.selTournament(population, 5, tournsize=500) == [best] * 5
    assert tools.selBest(population, 1) == [best]
    assert min(tools.selWorst(population, 3)[0].fitness.values, best.fitness.values) != best.fitness.values
    assert len(tools.selRandom(population, 7)) == len(tools.selRoulette(population, 7)) == 7


def test_the_hall_of_fame_keeps_copies_of_the_best(toolbox, population):
    hall = tools.HallOfFame(3)
    hall.update(population)
    hall.update(population)  # the same again: nothing is entered twice
    scores = sorted({formula(individual) for individual in population}, reverse=True)
    assert [individual.fitness.values for individual in hall][0] == scores[0]
    assert len(hall) == 3
    assert all(entry is not individual for entry in hall for individual in population)
    best = toolbox.clone(hall[0])
    toolbox.mutate(population[0])
    assert hall[0] == best


def test_the_plus_strategy_improves(toolbox, population):
    toolbox.register("select", tools.selBest)
    hall = tools.HallOfFame(1)
    first = max(formula(individual) for individual in population)
    final, log = algorithms.eaMuPlusLambda(
        population,
        toolbox,
        mu=20,
        lambda_=20,
        cxpb=0.0,
        mutpb=0.9,
        ngen=30,
        stats=statistics(),
        halloffame=hall,
        verbose=False,
    )
    best = log.select("max")
    assert best == sorted(best)  # never worse
    assert best[-1] > first[0]
    assert hall[0].fitness.values == (best[-1],) == formula(hall[0])
    assert len(final) == 20
    assert all(individual.fitness.values == formula(individual) for individual in final)


@pytest.mark.parametrize("run", ["comma", "simple", "steady"])
def test_other_algorithms_run(toolbox, population, run):
    if run == "comma":
        final, _ = algorithms.eaMuCommaLambda(
            population, toolbox, mu=10, lambda_=30, cxpb=0.0, mutpb=1.0, ngen=5, verbose=False
        )
    elif run == "simple":
        final, _ = algorithms.eaSimple(population, toolbox, cxpb=0.0, mutpb=0.8, ngen=5, verbose=False)
    else:
        final = algorithms.varOr(population, toolbox, lambda_=12, cxpb=0.0, mutpb=1.0)
        assert not any(individual.fitness.valid for individual in final)
        return
    assert all(individual.fitness.values == formula(individual) for individual in final)


def test_histories_know_who_comes_from_whom(toolbox, population):
    history = tools.History()
    toolbox.decorate("mutate", history.decorator)
    history.update(population)
    (child,) = toolbox.mutate(toolbox.clone(population[4]))
    assert history.genealogy_tree[child.history_index] == (population[4].history_index,)
    assert history.genealogy_history[child.history_index] == child


def test_the_same_seed_gives_the_same_run(toolbox):
    found = []
    for _ in range(2):
        random.seed(11)
        population = toolbox.population(n=10)
        final, _ = algorithms.eaMuPlusLambda(
            population, toolbox, mu=10, lambda_=10, cxpb=0.0, mutpb=1.0, ngen=5, verbose=False
        )
        found.append(final)
    assert found[0] == found[1]
