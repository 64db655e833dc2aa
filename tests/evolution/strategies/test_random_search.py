import random

import pytest
from evonas.genomes.amoeba import AmoebaGenome
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace

from evonas.evolution.genome import START, Origin
from evonas.evolution.offers import find
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.random_search import RandomSearch
from evonas.evolution.toolboxes import make_toolbox

pytestmark = pytest.mark.usefixtures("global_random")


@pytest.fixture
def toolbox(space):
    return make_toolbox(AmoebaGenome, space, operators_for("amoeba"))


def test_every_individual_is_drawn_at_random(toolbox):
    search = RandomSearch(toolbox, Start())
    found = []
    for number in range(30):
        individual = search.ask()
        individual.number = number
        search.asked(individual)
        found.append(individual)  # it never waits for a result
        if number % 3 == 0:
            search.tell(individual)
    assert len({individual.key() for individual in found}) == 30
    assert {individual.origin for individual in found} == {Origin((), "random")}
    assert search.living() == set()


def test_a_start_comes_first_and_once(toolbox, genome):
    search = RandomSearch(toolbox, Start(genome))
    assert search.ask() == search.ask() == genome  # asking changes nothing
    first = search.ask()
    assert first is not genome
    assert first.origin == Origin((), START)
    search.asked(first)
    assert search.ask() != genome


def test_the_same_stream_gives_the_same_individuals(toolbox):
    state = random.getstate()
    found = []
    for _ in range(2):
        random.setstate(state)
        search = RandomSearch(toolbox, Start())
        found.append([search.ask() for _ in range(5)])
    assert found[0] == found[1]


def test_it_is_found_by_name():
    assert find("strategies", "random") is RandomSearch
    assert RandomSearch.settings == {"mutations": 50}


def test_where_a_genome_draws_nothing_an_individual_is_a_random_walk():
    space = LargeScaleSpace()
    toolbox = make_toolbox(LargeScaleGenome, space, operators_for("large-scale"))
    found = [RandomSearch(toolbox, Start(), mutations=6).ask() for _ in range(60)]
    trivial = str(LargeScaleGenome.random(space, random.Random()))
    assert 1 <= sum(str(individual) == trivial for individual in found) < 40
    assert len({individual.key() for individual in found}) > 10
    assert {individual.origin for individual in found} == {Origin((), "random")}
    assert not any(individual.fitness.valid for individual in found)
    walked = [RandomSearch(toolbox, Start(), mutations=0).ask() for _ in range(3)]
    assert {str(individual) for individual in walked} == {trivial}
