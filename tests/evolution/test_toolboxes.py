import random
import re
from collections import Counter

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.errors import NotApplicable, UserError
from evonas.evolution.genome import Origin
from evonas.evolution.operator import Operator, mutation
from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox
from evonas.evolution.variation import mutate, offspring

pytestmark = pytest.mark.usefixtures("global_random")


def keep(genome, rng):
    return genome


def never(genome, rng):
    raise NotApplicable("no place")


@pytest.fixture
def toolbox(space):
    return make_toolbox(AmoebaGenome, space, operators_for("amoeba"))


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


# -- individuals --------------------------------------------------------------------------------


def test_individuals_follow_the_global_generator(toolbox):
    state = random.getstate()
    first = toolbox.population(n=3)
    random.setstate(state)
    again = toolbox.population(3)
    assert first == again
    assert len({individual.key() for individual in first}) == 3
    assert not any(individual.fitness.valid for individual in first)
    assert {individual.origin for individual in first} == {Origin((), "random")}


def test_a_clone_is_independent_and_keeps_fitness_origin_and_number(toolbox):
    parent = toolbox.individual()
    parent.fitness.values = (0.5,)
    parent.origin, parent.number = Origin((1, 2), "amoeba-operation"), 7
    clone = toolbox.clone(parent)
    assert clone == parent
    assert clone.fitness.values == (0.5,)
    assert (clone.origin, clone.number) == (parent.origin, 7)
    clone.normal.set_element(0, 0, ("sep7x7", 1))
    clone.normal.set_element(0, 1, ("sep7x7", 1))
    del clone.fitness.values
    assert clone != parent
    assert parent.fitness.values == (0.5,)


# -- mutation -----------------------------------------------------------------------------------


def test_operators_are_drawn_by_weight(genome):
    operators = [
        Operator("a", "amoeba", "mutation", keep, 3.0),
        Operator("b", "amoeba", "mutation", keep, 1.0),
    ]
    counts = Counter(mutate(genome, operators)[0].origin.operator for _ in range(4000))
    assert 2880 < counts["a"] < 3120  # 3000, give or take more than four standard deviations
    assert counts["a"] + counts["b"] == 4000


def test_an_operator_that_does_not_apply_is_replaced_by_another(genome):
    operators = [
        Operator("never", "amoeba", "mutation", never, 9.0),
        Operator("keep", "amoeba", "mutation", keep, 1.0),
    ]
    for _ in range(50):
        (child,) = mutate(genome, operators)
        assert child.origin.operator == "keep"


def test_that_none_applies_is_said(genome):
    operators = [Operator(name, "amoeba", "mutation", never) for name in ("one", "two")]
    with refused("operators: none of one, two applied in 100 draws"):
        mutate(genome, operators)


@pytest.mark.parametrize("function", [keep, lambda genome, rng: (genome,)], ids=["plain", "as in DEAP"])
def test_both_signatures_are_accepted(genome, function):
    (child,) = mutate(genome, [Operator("mine", "amoeba", "mutation", function)])
    assert child is genome


@pytest.mark.parametrize("returned", [None, (), (1, 2), "genome"])
def test_an_operator_that_returns_no_genome_is_named(genome, returned):
    operator = Operator("mine", "amoeba", "mutation", lambda genome, rng: returned)
    message = f"operator 'mine': expected it to return the genome, got {type(returned).__name__}"
    with refused(message):
        mutate(genome, [operator])


@pytest.mark.parametrize(
    "operators",
    [
        [],
        [Operator("off", "amoeba", "mutation", keep, 0.0)],
        [Operator("mate", "amoeba", "crossover", keep)],
    ],
)
def test_a_search_needs_a_mutation(space, operators):
    with refused("operators: expected a mutation of genome 'amoeba' with a positive weight, got none"):
        make_toolbox(AmoebaGenome, space, operators)


def test_a_negative_weight_is_refused():
    with refused("operator 'mine' weight: expected at least 0, got -1"):
        Operator("mine", "amoeba", "mutation", keep, -1)


def test_the_decorator_names_an_operator_after_its_function():
    @mutation("amoeba", weight=0.3)
    def swap_inputs(genome, rng):
        """Swaps both inputs.

        Of all cells.
        """
        return genome

    assert swap_inputs.name == "amoeba-swap-inputs"
    assert (swap_inputs.genome, swap_inputs.kind, swap_inputs.weight) == ("amoeba", "mutation", 0.3)
    assert swap_inputs.summary == "Swaps both inputs."
    assert swap_inputs("genome", None) == "genome"


# -- offspring ----------------------------------------------------------------------------------


def test_a_child_names_its_parent_and_operator(toolbox):
    parent = toolbox.individual()
    parent.number, parent.fitness.values = 12, (0.5,)
    parent.origin = Origin((3,), "amoeba-identity")
    before = toolbox.clone(parent)
    for _ in range(200):
        child = offspring(toolbox, parent)
        assert child.origin.parents == (12,)
        assert child.origin.operator in {"amoeba-hidden-state", "amoeba-operation", "amoeba-identity"}
        assert child.number is None
        assert not child.fitness.valid
    assert parent == before
    assert (parent.number, parent.origin, parent.fitness.values) == (12, before.origin, (0.5,))


def test_a_parent_without_a_number_is_not_named(toolbox):
    assert offspring(toolbox, toolbox.individual()).origin.parents == ()


def test_the_same_global_seed_gives_the_same_child(toolbox):
    parent = toolbox.individual()
    state = random.getstate()
    children = []
    for _ in range(2):
        random.setstate(state)
        children.append([offspring(toolbox, parent) for _ in range(20)])
    assert children[0] == children[1]
    assert [child.origin for child in children[0]] == [child.origin for child in children[1]]


def test_operators_are_found_through_entry_points(space):
    found = {operator.name: operator.weight for operator in operators_for("amoeba")}
    assert {
        "amoeba-hidden-state": 0.475,
        "amoeba-operation": 0.475,
        "amoeba-identity": 0.05,
    }.items() <= found.items()
    assert operators_for("none such") == []
    assert isinstance(space, AmoebaSpace)
