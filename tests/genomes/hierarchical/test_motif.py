import itertools
import json
import random
import re

import networkx as nx
import pytest
from evonas.genomes.hierarchical import NO_EDGE, PRIMITIVES, Edge, Motif
from evonas.genomes.hierarchical.motif import NO_EDGE_NAME, pairs, place

from evonas.errors import UserError

NAMES = [NO_EDGE_NAME, *PRIMITIVES]


def refused(message):
    return pytest.raises(UserError, match=re.escape(message))


def drawn(nodes, operations, rng):
    return Motif(nodes, [rng.randrange(operations + 1) for _ in range(pairs(nodes))])


def test_positions_are_those_of_the_lower_triangle():
    for nodes in (2, 4, 5, 11):
        below = [(i, j) for i in range(2, nodes + 1) for j in range(1, i)]
        assert [place(i, j) for i, j in below] == list(range(pairs(nodes)))


def test_a_chain_reads_only_the_node_before():
    chain = Motif.chain(4, 6)
    assert list(chain.edges()) == [Edge(2, 1, 6), Edge(3, 2, 6), Edge(4, 3, 6)]
    assert str(chain) == "6-06-006"


def test_the_text_of_a_figure():
    # Figure 6 of the paper, motif 1.
    motif = Motif.from_text("4-12-314")
    assert [(edge.predecessor, edge.successor, PRIMITIVES[edge.operation - 1]) for edge in motif.edges()] == [
        (1, 2, "max3x3"),
        (1, 3, "conv1x1"),
        (2, 3, "depthwise3x3"),
        (1, 4, "sep3x3"),
        (2, 4, "conv1x1"),
        (3, 4, "max3x3"),
    ]


def test_text_and_rows_and_back(rng):
    names = [NO_EDGE_NAME, *(f"motif{number}" for number in range(1, 36))]
    for nodes in range(2, 12):
        motif = drawn(nodes, 35, rng)
        assert Motif.from_text(str(motif)) == motif
        assert Motif.from_rows(json.loads(json.dumps(motif.to_rows(names))), names) == motif
        assert motif.copy() == motif
        assert motif.copy().operations is not motif.operations


def test_no_edge_has_a_name_of_its_own():
    assert Motif.from_text("0").to_rows(NAMES) == [["no_edge"]]
    assert "none" not in NAMES
    assert NO_EDGE == 0


def by_paths(motif, works):
    """The edges on a way from the first node to the last, found path by path."""
    graph = nx.DiGraph()
    graph.add_nodes_from((1, motif.nodes))
    open_edges = [edge for edge in motif.edges() if works[edge.operation - 1]]
    graph.add_edges_from((edge.predecessor, edge.successor) for edge in open_edges)
    on_a_way = {
        step for path in nx.all_simple_paths(graph, 1, motif.nodes) for step in itertools.pairwise(path)
    }
    return [edge for edge in open_edges if (edge.predecessor, edge.successor) in on_a_way]


@pytest.mark.parametrize("nodes", [2, 3, 4, 5, 7])
def test_live_edges_are_those_on_a_way_through(nodes):
    rng = random.Random(nodes)
    for _ in range(200):
        motif = drawn(nodes, rng.randint(1, 4), rng)
        works = [rng.random() < 0.7 for _ in range(4)]
        assert motif.live_edges(works) == by_paths(motif, works)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Motif(4, [1, 2]), "motif: expected 6 operations between 4 nodes, got 2"),
        (lambda: Motif.from_text("4-1-314"), "motif: expected rows of 1, 2, 3, ... digits, - between, got"),
        (
            lambda: Motif.from_text("4-1?"),
            "motif: expected rows of 1, 2, 3, ... digits, - between, got '4-1?'",
        ),
        (lambda: Motif.from_text("12"), "motif: expected rows of 1, 2, 3, ... digits, - between, got '12'"),
        (lambda: Motif.from_rows([], NAMES), "motif: expected rows of 1, 2, 3, ... operations, got []"),
        (
            lambda: Motif.from_rows([["a", "b"]], NAMES),
            "motif: expected rows of 1, 2, 3, ... operations, got",
        ),
        (
            lambda: Motif.from_rows("4-12", NAMES),
            "motif: expected rows of 1, 2, 3, ... operations, got '4-12'",
        ),
        (lambda: Motif.from_rows([["none"]], NAMES), "motif operation 'none' is unknown; "),
        (
            lambda: Motif.from_rows([["max3x4"]], NAMES),
            "motif operation 'max3x4' is unknown; did you mean 'max3x3'?",
        ),
        (lambda: Motif.from_rows([[["max3x3"]]], NAMES), "motif operation ['max3x3'] is unknown; "),
    ],
)
def test_what_is_no_motif_is_refused(make, message):
    with refused(message):
        make()
