import dataclasses
import inspect
import json
from types import MappingProxyType

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

import evonas
from evonas.errors import UserError
from evonas.evolution.strategies.aging import AgingEvolution
from evonas.evolution.strategies.random_search import RandomSearch
from evonas.settings.composition import compose, resolve
from evonas.settings.settings import ARGUMENTS, Settings, read_genotype, resolve_tactics, strategy_type


def make(**choices):
    return resolve(compose(None, choices.pop("config", None), choices), uses_images=False)


def test_settings_survive_json():
    settings = make(start="amoebanet-a-paper", population=7, seed=2**70)
    again = Settings.from_dict(json.loads(json.dumps(settings.to_dict())))
    assert again == settings
    assert again.make_space() == settings.make_space()
    assert again.plan == settings.plan
    assert again.final_plan == settings.final_plan
    assert again.start_genome() == settings.start_genome()


def test_settings_say_it_all():
    """Every field has a value, so that a later version with other defaults resumes the same search."""
    data = make().to_dict()
    assert set(data["space"]) == {field.name for field in dataclasses.fields(AmoebaSpace)}
    assert set(data["tactics"]) == set(AgingEvolution.settings)
    assert {"epochs", "learning_rate", "crop"} <= set(data["training"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
        ({"budget": 0}, "budget: expected a whole number of at least 1, got 0"),
        ({"look_ahead": 1.5}, "look_ahead: expected a whole number of at least 1, got 1.5"),
        ({"threads": True}, "threads: expected a whole number of at least 1, got True"),
        ({"precision": "int8"}, "precision: expected float32, bfloat16, float16, got 'int8'"),
        ({"max_parameters": 0}, "max_parameters: expected a whole number of at least 1, got 0"),
        ({"max_memory": 1.5}, "max_memory: expected a whole number of at least 1, got 1.5"),
        ({"capture": 1}, "capture: expected true or false, got 1"),
        ({"inherit": "some"}, "inherit 'some' is unknown; known: match, none"),
        ({"space": MappingProxyType({})}, "space: expected a table, got mappingproxy"),
        ({"training": {1: 2}}, "training: expected a text as each key, got 1"),
        ({"tactics": {"population": 41}}, "population: expected at most the budget of 40, got 41"),
    ],
)
def test_what_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        Settings.from_dict({**make().to_dict(), **change})


@pytest.mark.parametrize("change", [{"colour": 3}, {"budget": ...}])
def test_a_journal_of_other_settings_is_refused(change):
    data = make().to_dict() | change
    data = {key: value for key, value in data.items() if value is not ...}
    with pytest.raises(UserError, match=r"settings: .*(colour|budget)"):
        Settings.from_dict(data)


# -- tactics ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("budget", "population"), [(1, 1), (3, 1), (12, 4), (36, 12), (1000, 12)])
def test_a_population_nobody_asked_for_leaves_two_thirds_to_evolution(budget, population):
    assert make(budget=budget).tactics["population"] == population


def test_a_population_that_was_asked_for_is_kept():
    assert make(budget=12, population=12).tactics["population"] == 12
    assert make(budget=12, config={"strategy": {"population": 11}}).tactics["population"] == 11


def test_a_recipes_tactics_are_for_its_own_strategy():
    assert make(strategy="random").tactics == {"mutations": 50}
    with pytest.raises(
        UserError, match="strategy setting 'population' is unknown to this strategy; did you mean 'mutations'"
    ):
        make(strategy="random", population=5)


@pytest.mark.parametrize("value", [0, -1, 2.0, "3", True])
def test_tactics_are_whole_numbers(value):
    recipe = {"strategy": {}}
    with pytest.raises(UserError, match=f"sample: expected a whole number of at least 1, got {value!r}"):
        resolve_tactics(AgingEvolution, recipe, {"sample": value}, 40)


def test_strategies_by_name():
    assert strategy_type("aging") is AgingEvolution
    assert strategy_type("random") is RandomSearch
    with pytest.raises(UserError, match="strategy 'agin' is unknown; did you mean 'aging'"):
        strategy_type("agin")


# -- where to start --------------------------------------------------------------------------------


def test_a_start_by_name_or_as_data(genome, space):
    published = read_genotype(AmoebaGenome, space, "amoebanet-a-paper")
    assert published.to_dict() == AmoebaGenome.published()["amoebanet-a-paper"]
    assert read_genotype(AmoebaGenome, space, genome.to_dict()) == genome
    assert make().start_genome() is None


def test_a_start_that_is_none(space):
    with pytest.raises(
        UserError, match="genotype 'amoebanet-a-papr' is unknown; did you mean 'amoebanet-a-paper'"
    ):
        make(start="amoebanet-a-papr")
    with pytest.raises(UserError, match="amoeba genotype: expected 'normal' and 'reduction' cells"):
        make(start={"normal": {}})
    message = "genotype 'genet-1': expected one of genome 'amoeba', .* got one of genome 'genet'"
    with pytest.raises(UserError, match=message):
        make(start="genet-1")


def test_the_arguments_that_a_misspelt_one_is_compared_with_are_those_of_evolve():
    own = {"genome", "dataset", "watch", "started", "meter", "choices"}  # of [search], for programs, the rest
    assert set(inspect.signature(evonas.evolve).parameters) - own - set(ARGUMENTS) == set()
