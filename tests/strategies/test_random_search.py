import random

import pytest
from evonas.genomes.amoeba import AmoebaGenome

from evonas.genome import START, Origin
from evonas.registry import find, operators_for
from evonas.strategies import Start
from evonas.strategies.random_search import RandomSearch
from evonas.toolbox import make_toolbox

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
    assert RandomSearch.settings == {}
