"""A stage's bits: their number, their notation, their graph (Xie and Yuille 2017, Section 3.1)."""

import itertools
import random

import networkx as nx
import pytest
from evonas.genomes.genet.stage import edges, length, read, stage_graph, stage_key, write

from evonas.errors import UserError


def graph(*pairs: tuple[str, str]) -> nx.DiGraph:
    """A hand-written stage graph: `in` and `out` are the default nodes."""
    made = nx.DiGraph(pairs)
    for node in made:
        made.nodes[node]["role"] = {"in": "input", "out": "output"}.get(node, "node")
    return made


def same(one: nx.DiGraph, other: nx.DiGraph) -> bool:
    return bool(nx.is_isomorphic(one, other, node_match=lambda a, b: a["role"] == b["role"]))


def relabelled(bits: list[int], nodes: int, rng: random.Random) -> list[int]:
    """The bits of the same stage with its nodes in another order that no edge contradicts."""
    inner = nx.DiGraph(edges(bits, nodes))
    inner.add_nodes_from(range(1, nodes + 1))
    place: dict[int, int] = {}
    while len(place) < nodes:
        ready = [n for n in inner if n not in place and all(p in place for p in inner.pred[n])]
        place[rng.choice(ready)] = len(place) + 1
    moved = {(place[source], place[target]) for source, target in inner.edges}
    pairs = [(source, target) for target in range(2, nodes + 1) for source in range(1, target)]
    return [int(pair in moved) for pair in pairs]


def test_a_stage_has_a_bit_for_each_pair() -> None:
    assert [length(nodes) for nodes in (2, 3, 4, 5)] == [1, 3, 6, 10]


def test_bits_are_ordered_by_target() -> None:
    assert edges([1] * 6, 4) == [(1, 2), (1, 3), (2, 3), (1, 4), (2, 4), (3, 4)]


@pytest.mark.parametrize(
    ("code", "nodes", "expected"),
    [
        ("0-00", 3, nx.DiGraph()),  # one convolution, made below
        ("1-01", 3, graph(("in", "a"), ("a", "b"), ("b", "c"), ("c", "out"))),  # a chain, as VGG
        ("1-00", 3, graph(("in", "a"), ("a", "b"), ("b", "out"))),  # the third is isolated
        ("0-01-100", 4, graph(("in", "a"), ("a", "b"), ("b", "out"), ("in", "c"), ("c", "d"), ("d", "out"))),
        ("1-01-100", 4, graph(("in", "a"), ("a", "b"), ("b", "c"), ("c", "out"), ("a", "d"), ("d", "out"))),
        (
            "0-11-101-0001",
            5,
            graph(
                *[("in", "a"), ("in", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("c", "d"), ("d", "e")],
                ("e", "out"),
            ),
        ),
        (
            "1-11-111",
            4,
            graph(
                *[("in", "a"), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("b", "d"), ("c", "d")],
                ("d", "out"),
            ),
        ),
    ],
)
def test_the_graph_is_the_one_drawn_by_hand(code: str, nodes: int, expected: nx.DiGraph) -> None:
    if not len(expected):
        expected.add_node("in", role="input")
    assert same(stage_graph(read(code, nodes), nodes), expected)


@pytest.mark.parametrize("nodes", [2, 3, 4])
def test_keys_are_equal_exactly_for_isomorphic_stages(nodes: int) -> None:
    graphs = [stage_graph(bits, nodes) for bits in itertools.product((0, 1), repeat=length(nodes))]
    keys = [stage_key(stage) for stage in graphs]
    for (one, key), (other, another) in itertools.combinations(zip(graphs, keys, strict=True), 2):
        assert (key == another) == same(one, other)


def test_keys_do_not_depend_on_the_numbers_of_the_nodes(rng: random.Random) -> None:
    changed = 0
    for _ in range(1000):
        nodes = rng.randint(3, 7)
        bits = [int(rng.random() < 0.4) for _ in range(length(nodes))]
        twin = relabelled(bits, nodes, rng)
        changed += twin != bits
        assert stage_key(stage_graph(bits, nodes)) == stage_key(stage_graph(twin, nodes))
    assert changed > 300


def test_keys_of_larger_stages_agree_with_isomorphism(rng: random.Random) -> None:
    graphs = [stage_graph([rng.randint(0, 1) for _ in range(10)], 5) for _ in range(60)]
    graphs += [stage_graph([int(rng.random() < 0.2) for _ in range(10)], 5) for _ in range(60)]
    keys = [stage_key(stage) for stage in graphs]
    alike = 0
    for (one, key), (other, another) in itertools.combinations(zip(graphs, keys, strict=True), 2):
        assert (key == another) == same(one, other)
        alike += key == another
    assert alike > 20


def test_the_notation_reads_back(rng: random.Random) -> None:
    assert write(read("1-00-111", 4), 4) == "1-00-111"
    for _ in range(100):
        nodes = rng.randint(2, 7)
        bits = [rng.randint(0, 1) for _ in range(length(nodes))]
        assert read(write(bits, nodes), nodes) == bits


@pytest.mark.parametrize("text", ["", "1", "1-0", "1-012", "1-02", "101", "1-01-000", "1-01 "])
def test_what_is_no_notation_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"genet stage of 3 nodes: expected bits such as 1-11, got '"):
        read(text, 3)
