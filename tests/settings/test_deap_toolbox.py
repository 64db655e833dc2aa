"""`evonas.toolbox` in DEAP's own algorithms, and in a search of evonas."""

import random
import re
import runpy
import textwrap

import pytest
from deap import algorithms, tools
from evonas.genomes.genet import GenetGenome

import evonas

TINY = {
    "genome": {"nodes": [3], "filters": [4]},
    "training": {"epochs": 1, "batch_size": 32},
}


@pytest.fixture(scope="module")
def shared():
    return evonas.toolbox("genet", dataset="digits", config=TINY, train_limit=64, seed=3)


@pytest.fixture
def toolbox(shared, global_random):
    return shared.copy()


def ones(genome, rng):
    return float(sum(genome))


@pytest.fixture
def counting(global_random):
    """A toolbox whose fitness is the number of ones, so that nothing is trained."""
    return evonas.toolbox("genet", evaluate=ones, needs="genome")


TUTORIAL = """
    import random
    from deap import algorithms, tools
    import evonas

    random.seed(1)
    config = {"genome": {"nodes": [3], "filters": [4]}, "training": {"epochs": 1}}
    toolbox = evonas.toolbox("genet", dataset="digits", config=config, train_limit=64)

    population = toolbox.population(n=4)
    hall = tools.HallOfFame(1)
    stats = tools.Statistics(lambda individual: individual.fitness.values)
    stats.register("best", max)
    population, log = algorithms.eaSimple(
        population, toolbox, cxpb=0.5, mutpb=0.4, ngen=3, stats=stats, halloffame=hall, verbose=True
    )
    print(str(hall[0]), hall[0].fitness.values[0])
"""


def test_a_script_after_deaps_tutorial_evolves_strings_on_digits(tmp_path, global_random, capsys, fresh):
    """Alike in two processes, of which this is one."""
    script = tmp_path / "tutorial.py"
    script.write_text(textwrap.dedent(TUTORIAL), encoding="utf-8")
    printed = fresh("import runpy; runpy.run_path('tutorial.py', run_name='__main__')", tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    said = [printed.output, capsys.readouterr().out]
    assert said[0] == said[1]
    lines = said[0].splitlines()
    assert lines[0].split() == ["gen", "nevals", "best"]
    assert [line.split()[0] for line in lines[1:5]] == ["0", "1", "2", "3"]
    code, fitness = lines[-1].split()
    assert re.fullmatch(r"[01]-[01]{2}", code)
    assert 0 <= float(fitness) <= 1


@pytest.mark.parametrize("run", ["simple", "plus", "comma"])
def test_the_algorithms_run_unchanged_and_improve(counting, run):
    random.seed(5)
    population = counting.population(n=20)
    hall, log = tools.HallOfFame(2), None
    figures = tools.Statistics(lambda one: one.fitness.values[0])
    figures.register("max", max)
    if run == "simple":
        population, log = algorithms.eaSimple(
            population, counting, 0.3, 0.6, 12, figures, hall, verbose=False
        )
    else:
        function = algorithms.eaMuPlusLambda if run == "plus" else algorithms.eaMuCommaLambda
        population, log = function(population, counting, 20, 40, 0.2, 0.7, 12, figures, hall, verbose=False)
    assert len(log) == 13
    best = log.select("max")
    assert max(best) > best[0]
    assert hall[0].fitness.values[0] == max(best) == sum(hall[0])


def test_weights_reach_the_children(toolbox):
    random.seed(2)
    population = toolbox.population(n=3)
    for individual in population:
        individual.fitness.values = toolbox.evaluate(individual)
        assert individual.heritage.lineage_epochs == 1
    (child,) = toolbox.mutate(toolbox.clone(population[0]))
    del child.fitness.values
    assert child.origin.parents == (population[0].number,)
    assert child.origin.operator == "genet-flip-bits"
    assert child.number is None
    child.fitness.values = toolbox.evaluate(child)
    result = toolbox.evaluate.func.results[child.number]
    assert result.inherited > 0.5
    assert result.lineage_epochs == child.heritage.lineage_epochs == 2
    assert population[0].heritage.lineage_epochs == 1
    first, second = toolbox.mate(toolbox.clone(child), toolbox.clone(population[1]))
    assert first.origin.parents == (child.number, population[1].number)
    assert second.origin.parents == (population[1].number, child.number)


def test_a_loop_of_deap_keeps_inheriting(toolbox):
    random.seed(4)
    before = len(toolbox.evaluate.func.results)
    population, _ = algorithms.eaMuPlusLambda(
        toolbox.population(n=3), toolbox, 3, 3, 0.0, 1.0, 3, verbose=False
    )
    results = toolbox.evaluate.func.results[before:]
    assert all(result.inherited == 0 for result in results[:3])
    assert all(result.inherited > 0.5 for result in results[3:])
    assert max(one.heritage.lineage_epochs for one in population) >= 2


def test_histories_and_decorations_work(counting):
    history = tools.History()
    counting.decorate("mutate", history.decorator)
    counting.decorate("mate", history.decorator)
    population = counting.population(n=6)
    history.update(population)
    algorithms.eaSimple(population, counting, 0.4, 0.5, 4, verbose=False)
    tree = history.genealogy_tree
    assert len(tree) > 6
    assert all(parent in history.genealogy_history for parents in tree.values() for parent in parents)
    assert any(len(parents) == 2 for parents in tree.values())


def test_a_failed_evaluation_says_why_and_is_never_the_best(counting):
    def fails(genome, rng):
        raise RuntimeError("no luck")

    toolbox = evonas.toolbox("genet", evaluate=fails, needs="genome")
    with pytest.warns(RuntimeWarning, match="evaluation 0 failed: RuntimeError: no luck"):
        assert toolbox.evaluate(toolbox.individual()) == (float("-inf"),)


# -- what a user registers is what a search uses ------------------------------------------------


def flip_first(individual):
    individual[0] ^= 1
    return (individual,)


def test_a_registered_mutation_is_what_a_search_uses(counting):
    counting.register("mutate", flip_first)
    result = evonas.evolve(toolbox=counting, strategy="aging", budget=20, population=5, sample=2)
    rows = {row["id"]: row for row in result.history}
    children = [row for row in rows.values() if row["parents"]]
    assert len(children) == 15
    for row in children:
        assert row["operator"] == "flip_first"
        mine, theirs = row["genome"], rows[row["parents"][0]]["genome"]
        assert mine[0] != theirs[0] and mine[1:] == theirs[1:]


def test_decorated_and_selected_as_the_user_says(counting):
    seen = []

    def noting(function):
        def wrapped(*arguments, **keywords):
            seen.append(function)
            return function(*arguments, **keywords)

        return wrapped

    counting.decorate("mutate", noting)
    counting.register("select", tools.selWorst)
    counting.register("evaluate", lambda individual: (float(-sum(individual)),))
    result = evonas.evolve(toolbox=counting, strategy="aging", budget=12, population=4, sample=2, seed=1)
    assert len(seen) == 8
    history = list(result.history)
    for row in history:
        assert row["fitness"] == -row["genome"].count("1")
    alive = history[:4]
    worst = min(row["fitness"] for row in alive)
    assert history[4]["parents"] == [next(row["id"] for row in alive if row["fitness"] == worst)]
    assert history[5]["operator"] == "genet-flip-bits"
    assert counting.users() == ["evaluate", "mutate", "select"]  # the search has changed nothing of it


def test_a_run_with_a_toolbox_goes_on_with_it_alone(counting, tmp_path):
    counting.register("mutate", flip_first)
    run = tmp_path / "run"
    whole = evonas.evolve(toolbox=counting, strategy="aging", budget=12, population=4, sample=2)
    evonas.evolve(toolbox=counting, strategy="aging", budget=8, population=4, sample=2, run=run)
    with pytest.raises(evonas.UserError, match="toolbox: the run began with one with mutate registered"):
        evonas.resume(run, budget=12, evaluate=ones, needs="genome")
    gone_on = evonas.resume(run, budget=12, evaluate=ones, needs="genome", toolbox=counting)
    assert [row["genome"] for row in gone_on.history] == [row["genome"] for row in whole.history]


def test_operators_go_to_the_toolbox(counting):
    with pytest.raises(evonas.UserError, match="operators: give them to evonas.toolbox"):
        evonas.evolve(toolbox=counting, operators="mine.py")


def test_a_class_is_as_good_as_a_name():
    toolbox = evonas.toolbox(GenetGenome, evaluate=ones, needs="genome")
    assert type(toolbox.individual()) is GenetGenome


def test_the_module_does_not_hide_the_function():
    import evonas.evolution.toolboxes
    import evonas.settings.deap_toolbox

    assert callable(evonas.toolbox)
    assert evonas.toolbox is evonas.deap_toolbox.toolbox
    assert evonas.toolboxes.Toolbox is not None
