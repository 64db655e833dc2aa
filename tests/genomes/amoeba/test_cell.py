import itertools
import json
import random
import re

import networkx as nx
import pytest
from evonas.genomes.amoeba import OPERATIONS, SP_I, AmoebaGenome, AmoebaSpace, Cell
from hypothesis import given
from hypothesis import strategies as st

from evonas.errors import UserError
from evonas.task import Task


def drawn(seed: int, combinations: int = 5, operations=tuple(OPERATIONS)) -> Cell:
    return Cell.random(combinations, operations, random.Random(seed))


CELLS = st.builds(drawn, st.integers(0, 2**32), st.integers(1, 6))


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


# -- data and text ------------------------------------------------------------------------------


@given(CELLS, st.booleans())
def test_data_and_text_and_back(cell, extra):
    if extra:
        cell.extra = (0, 2)
    assert Cell.from_dict(json.loads(json.dumps(cell.to_dict()))) == cell
    assert Cell.from_text(str(cell)) == cell


def test_the_text_form():
    cell = Cell([(("avg3x3", 0), ("max3x3", 0)), (("sep3x3", 2), ("identity", 1))], extra=[1])
    assert str(cell) == "avg3x3(0)+max3x3(0) sep3x3(2)+identity(1) extra(1)"
    assert cell.outputs() == [1, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cell: expected at least one combination, got none"),
        ("sep3x3(0)", "cell: expected operation(state)+operation(state), got 'sep3x3(0)'"),
        ("sep3x3(0)+max3x3", "cell: expected operation(state)+operation(state), got 'sep3x3(0)+max3x3'"),
        ("sep3x3(0)+max3x3(-1)", "cell: expected operation(state)+operation(state), got"),
        ("sep3x3(0)+max3x3(2)", "cell, combinations[0], right: may read states 0 to 1, got 2"),
        (
            "sep3x3(0)+max3x3(0) sep3x3(0)+max3x3(3)",
            "cell, combinations[1], right: may read states 0 to 2, got 3",
        ),
        (
            "sep3x3(0)+mux3x3(0)",
            "cell, combinations[0], right: operation 'mux3x3' is unknown; did you mean 'max3x3'? known: ",
        ),
        ("sep3x3(0)+max3x3(0) extra(3)", "cell extra outputs: expected states below 3, got [3]"),
    ],
)
def test_text_that_is_no_cell_is_refused(text, message):
    with refused(message):
        Cell.from_text(text)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"combinations": 3},
        {"combinations": [[["sep3x3", 0]]]},
        {"combinations": [[["sep3x3", 0], "sep3x3"]]},
        {"extra": [1]},
        {"combinations": [[["sep3x3", 0], ["sep3x3", 0]]], "extra": 1},
    ],
)
def test_data_that_is_no_cell_is_refused(data):
    with refused("cell: expected combinations of two [operation, state], got"):
        Cell.from_dict(data)


@pytest.mark.parametrize("state", ["0", 1.0, None, -1, 2])
def test_a_state_that_is_none_is_refused(state):
    with refused(f"cell, combinations[0], right: may read states 0 to 1, got {state!r}"):
        Cell.from_dict({"combinations": [[["sep3x3", 0], ["sep3x3", state]]]})


# -- sampling -----------------------------------------------------------------------------------


def test_random_cells_are_drawn_uniformly():
    from scipy.stats import chisquare

    rng = random.Random(1)
    cells = [Cell.random(3, SP_I, rng) for _ in range(4000)]
    for combination, side in itertools.product(range(3), range(2)):
        elements = [cell.combinations[combination][side] for cell in cells]
        operations = [sum(name == wanted for name, _ in elements) for wanted in SP_I]
        states = [sum(state == wanted for _, state in elements) for wanted in range(combination + 2)]
        assert sum(states) == sum(operations) == 4000
        assert chisquare(operations).pvalue > 1e-4
        assert chisquare(states).pvalue > 1e-4


# -- outputs and graph --------------------------------------------------------------------------


@given(CELLS)
def test_the_outputs_are_the_states_that_nobody_reads(cell):
    read = {state for pair in cell.combinations for _, state in pair}
    states = set(range(2, len(cell.combinations) + 2))
    assert set(cell.outputs()) == states - read
    assert max(states) in cell.outputs()


def test_a_copy_is_independent():
    cell = drawn(1)
    copy = cell.copy()
    copy.set_element(2, 1, ("conv1x1", 0))
    copy.set_element(2, 0, ("conv1x1", 0))
    assert copy != cell
    assert cell == drawn(1)


# -- the key ------------------------------------------------------------------------------------


def independent_graph(cell: Cell) -> nx.MultiDiGraph:
    """The cell with one node a state and one edge an operation: written without `Cell.graph`."""
    graph = nx.MultiDiGraph()
    graph.add_node(0, kind="direct")
    graph.add_node(1, kind="skip")
    for number, pair in enumerate(cell.combinations, 2):
        graph.add_node(number, kind="sum")
        for operation, state in pair:
            graph.add_edge(state, number, operation=operation)
    graph.add_node("output", kind="output")
    for state in cell.outputs():
        graph.add_edge(state, "output", operation="concatenated")
    return graph


def isomorphic(one: Cell, other: Cell) -> bool:
    def same_edges(a, b):
        return sorted(e["operation"] for e in a.values()) == sorted(e["operation"] for e in b.values())

    return bool(
        nx.is_isomorphic(
            independent_graph(one),
            independent_graph(other),
            node_match=lambda a, b: a["kind"] == b["kind"],
            edge_match=same_edges,
        )
    )


def reordered(cell: Cell, rng: random.Random) -> Cell:
    """The same cell with its combinations in another possible order and the sides of some exchanged."""
    waiting = list(range(len(cell.combinations)))
    place = {0: 0, 1: 1}
    pairs = []
    while waiting:
        ready = [c for c in waiting if all(state in place for _, state in cell.combinations[c])]
        chosen = rng.choice(ready)
        pair = [(operation, place[state]) for operation, state in cell.combinations[chosen]]
        rng.shuffle(pair)
        pairs.append((pair[0], pair[1]))
        place[chosen + 2] = len(place)
        waiting.remove(chosen)
    return Cell(pairs, sorted(place[state] for state in cell.extra))


@given(CELLS, st.randoms(use_true_random=False))
def test_the_key_ignores_the_order_of_combinations_and_of_sides(cell, rng):
    if rng.random() < 0.3:
        cell.extra = (rng.randrange(len(cell.combinations) + 2),)
    assert reordered(cell, rng).key() == cell.key()


@pytest.mark.parametrize(
    ("combinations", "operations", "cells"),
    [
        (2, ("sep3x3", "max3x3"), 1000),
        (3, ("sep3x3",), 1000),
        (3, ("sep3x3", "max3x3"), 1000),
        (4, ("sep3x3",), 1000),
    ],
)
def test_thousands_of_cells_have_equal_keys_exactly_where_they_are_isomorphic(
    combinations, operations, cells
):
    rng = random.Random(combinations)
    classes: dict[str, list[Cell]] = {}
    for _ in range(cells):
        cell = Cell.random(combinations, operations, rng)
        classes.setdefault(cell.key(), []).append(cell)
    compared = 0
    for members in classes.values():
        first, *others = {str(cell): cell for cell in members}.values()
        assert all(isomorphic(first, other) for other in others)
        compared += len(others)
    assert compared > 50
    # Cells of different keys: compare those that a coarse invariant cannot tell apart.
    alike: dict[object, list[Cell]] = {}
    for members in classes.values():
        cell = members[0]
        degrees = sorted(degree for _, degree in independent_graph(cell).degree())
        names = sorted(name for pair in cell.combinations for name, _ in pair)
        alike.setdefault((tuple(degrees), tuple(names)), []).append(cell)
    pairs = [pair for cells_ in alike.values() for pair in itertools.combinations(cells_, 2)]
    assert len(pairs) > 20
    assert not any(isomorphic(one, other) for one, other in rng.sample(pairs, min(len(pairs), 2000)))


def test_the_genomes_key_follows_both_cells():
    rng = random.Random(5)
    space = AmoebaSpace(combinations=2, operations=("sep3x3", "max3x3"))
    genomes = [AmoebaGenome.random(space, rng) for _ in range(1500)]
    by_key: dict[str, tuple[str, str]] = {}
    for genome in genomes:
        cells = (genome.normal.key(), genome.reduction.key())
        assert by_key.setdefault(genome.key(), cells) == cells
    assert len(set(by_key.values())) == len(by_key) < len(genomes)
    swapped = AmoebaGenome(genomes[0].reduction, genomes[0].normal, space)
    assert swapped.key() != genomes[0].key()


def test_equal_keys_decode_to_the_same_network_up_to_the_order_of_concatenations():
    # Reordering keeps the key; it may move the parts of a concatenation, and never changes the cost.
    rng = random.Random(3)
    task = Task(3, 8, 8, 4)
    space = AmoebaSpace(cells=1, filters=4, stages=2)
    for _ in range(10):
        genome = AmoebaGenome.random(space, rng)
        other = AmoebaGenome(reordered(genome.normal, rng), reordered(genome.reduction, rng), space)
        one, two = genome.decode(task), other.decode(task)
        assert (one.parameter_count(), one.flops(), len(one)) == (
            two.parameter_count(),
            two.flops(),
            len(two),
        )
        if len(genome.normal.outputs()) == len(genome.reduction.outputs()) == 1:
            assert one.key() == two.key()


def test_inputs_operations_and_extra_outputs_count_in_the_key():
    plain = "sep3x3(0)+max3x3(1) sep3x3(2)+max3x3(0)"
    texts = [
        plain,
        "sep3x3(1)+max3x3(0) sep3x3(2)+max3x3(0)",
        "sep3x3(0)+max3x3(1) sep3x3(2)+max3x3(1)",
        "sep3x3(0)+avg3x3(1) sep3x3(2)+max3x3(0)",
        f"{plain} extra(0)",
        f"{plain} extra(1)",
        f"{plain} extra(2)",
        "sep3x3(0)+max3x3(1) sep3x3(0)+max3x3(2)",
    ]
    assert len({Cell.from_text(text).key() for text in texts}) == len(texts)
    assert Cell.from_text(f"{plain} extra(3)").key() == Cell.from_text(plain).key()  # a loose end anyway
