"""A cell: its wirings, what is refused, and which cells are the same."""

import itertools
import random

import networkx as nx
import pytest
from evonas.genomes.darts import OPERATIONS, Cell, Node
from evonas.genomes.darts.cell import PAIRS

from evonas.errors import UserError

SEP, SKIP, MAX = "sep_conv_3x3", "skip_connect", "max_pool_3x3"


def cell(*inputs: tuple[int, int], operations: tuple[str, str] = (SEP, SKIP)) -> Cell:
    return Cell([Node(pair, operations) for pair in inputs])


def test_a_pair_of_inputs_is_one_choice_of_180_wirings() -> None:
    wirings = list(itertools.product(*PAIRS.values()))
    assert [len(pairs) for pairs in PAIRS.values()] == [1, 3, 6, 10]
    assert len({str(cell(*wiring)) for wiring in wirings}) == len(wirings) == 180


def test_random_cells_are_uniform_in_their_pairs() -> None:
    rng = random.Random(0)
    drawn = [Cell.random(rng) for _ in range(600)]
    assert {one.nodes[3].inputs for one in drawn} == set(PAIRS[5])
    assert {operation for one in drawn for node in one.nodes for operation in node.operations} == set(
        OPERATIONS
    )


def test_the_order_of_a_nodes_two_does_not_matter() -> None:
    pairs = [(SEP, 0), (SKIP, 1), (SEP, 0), (MAX, 2), (SEP, 1), (MAX, 3), (SKIP, 2), (SEP, 4)]
    turned = [pairs[place ^ 1] for place in range(8)]
    assert Cell.from_pairs(pairs) == Cell.from_pairs(turned)
    assert Cell.from_pairs(turned).pairs() == pairs


def test_keys_are_equal_exactly_for_isomorphic_cells() -> None:
    """Against networkx, over random cells and over all wirings of two operations."""
    rng = random.Random(1)
    wired = [cell(*wiring) for wiring in itertools.product(*PAIRS.values())]
    cells = rng.sample(wired, 40) + [Cell.random(rng) for _ in range(10)]
    same = 0
    for one, other in itertools.combinations(cells, 2):
        isomorphic = nx.is_isomorphic(one.graph(), other.graph(), lambda a, b: a["label"] == b["label"])
        assert (one.key() == other.key()) == isomorphic
        same += isomorphic
    assert same


def test_nodes_that_change_places_make_the_same_cell() -> None:
    one = Cell(
        [
            Node((0, 1), (SEP, SEP)),
            Node((0, 1), (MAX, SKIP)),
            Node((2, 3), (SEP, MAX)),
            Node((0, 4), (SEP, SEP)),
        ]
    )
    other = Cell(
        [
            Node((0, 1), (MAX, SKIP)),
            Node((0, 1), (SEP, SEP)),
            Node((2, 3), (MAX, SEP)),
            Node((0, 4), (SEP, SEP)),
        ]
    )
    assert one != other and one.key() == other.key()
    assert one.key() != cell((0, 1), (0, 1), (2, 3), (0, 4)).key()


def test_an_input_that_stays_keeps_its_operation() -> None:
    one = cell((0, 1), (0, 1), (0, 1), (0, 1))
    one.set_inputs(2, (1, 3))
    assert one.nodes[2] == Node((1, 3), (SKIP, SEP))
    one.set_inputs(3, (2, 4))
    assert one.nodes[3] == Node((2, 4), (SEP, SKIP))


def test_its_neighbours_differ_in_one_thing() -> None:
    one = Cell.random(random.Random(2))
    around = one.neighbours()
    assert len(around) == 64 and len({str(other) for other in around} - {str(one)}) == 64
    for other in around:
        changed = [(a, b) for a, b in zip(one.nodes, other.nodes, strict=True) if a != b]
        assert len(changed) == 1


GOOD = [(SEP, 0), (SKIP, 1)] * 4


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (GOOD[:6], "expected 4 nodes of two (operation, input) each, got 6 of them, which is 3 nodes"),
        (GOOD + GOOD[:2], "which is 5 nodes"),
        (GOOD[:7], "which is 3.5 nodes"),
        (
            [(SEP, 0), (SKIP, 0), *GOOD[2:]],
            "node 2: expected two different inputs of nodes 0 to 1, got 0 and 0",
        ),
        (
            [(SEP, 0), (SKIP, 2), *GOOD[2:]],
            "node 2: expected two different inputs of nodes 0 to 1, got 0 and 2",
        ),
        ([("sep_conv_7x7", 0), *GOOD[1:]], "node 2: operation 'sep_conv_7x7' is unknown; did you mean"),
        ([("none", 0), *GOOD[1:]], "a cell has none left"),
        ([(SEP, True), *GOOD[1:]], "expected a list of (operation, input)"),
        ("abc", "expected a list of (operation, input)"),
    ],
)
def test_what_is_no_cell(pairs: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        Cell.from_pairs(pairs)
    assert message in str(caught.value)
