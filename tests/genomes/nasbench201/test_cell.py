"""A cell's text, and its names: the benchmark's expression and the structural key."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import networkx as nx
import pytest
from evonas.genomes.nasbench201 import cell
from evonas.genomes.nasbench201.cell import CONV1, CONV3, NONE, POOL, SKIP, benchmark_name, read, write
from evonas.genomes.nasbench201.flow import flow, flow_graph, flow_key
from evonas.genomes.nasbench201.published import PUBLISHED

from evonas.errors import UserError


def test_text_and_back() -> None:
    for text in (cell.EXAMPLE, *PUBLISHED.values()):
        assert write(read(text)) == text
    operations = (CONV3, NONE, SKIP, POOL, CONV1, NONE)
    assert write(operations) == (
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
    )


def test_what_is_no_cell() -> None:
    with pytest.raises(UserError, match=r"nasbench201 genotype: expected a cell such as .*, got 'nonsense'"):
        read("nonsense")
    with pytest.raises(UserError, match="expected operations of none, skip_connect, .*, got 'conv_9x9'"):
        read(cell.EXAMPLE.replace(CONV3, "conv_9x9"))
    with pytest.raises(UserError, match="expected 6 operations, one an edge, got 5"):
        cell.check((NONE,) * 5)


def test_the_flow_leaves_dead_parts_out() -> None:
    # Node 1 is zeros, so what reads it is dead; nothing reads node 2.
    whole = flow((NONE, CONV3, CONV1, CONV1, POOL, NONE))
    assert whole.operations == {(0, 3): CONV1}
    assert whole.output == ((0, 3),)
    assert flow((NONE,) * 6).output == ()


def test_skips_merge_sums() -> None:
    """Node 2 = conv(0) + node 1 = conv(0) + conv(0); node 3 adds the input: one sum of three terms."""
    whole = flow((CONV3, CONV1, SKIP, SKIP, NONE, SKIP))
    assert sorted(term or (0, 0) for term in whole.output) == [(0, 0), (0, 1), (0, 2)]


def test_the_key_knows_shared_weights() -> None:
    """One convolution read by two others, and two read by one each: the same expression, other weights."""
    one = (CONV3, CONV3, SKIP, NONE, CONV1, NONE)  # a = conv3(0), b = conv3(0) + a; conv1(a)
    assert flow(one).operations == {(0, 1): CONV3, (1, 3): CONV1}  # b is read by nobody
    twice = (CONV3, NONE, SKIP, NONE, CONV1, POOL)  # node 2 is node 1: conv1(a) + pool(a)
    apart = (CONV3, CONV3, NONE, NONE, CONV1, POOL)  # conv1(a) + pool(b)
    expression = "((0)@nor_conv_3x3)@avg_pool_3x3"
    assert all(expression in benchmark_name(found).replace("#+", "") for found in (twice, apart))
    assert sorted(flow(twice).operations) == [(0, 1), (1, 3), (2, 3)]
    assert sorted(flow(apart).operations) == [(0, 1), (0, 2), (1, 3), (2, 3)]
    assert flow_key(twice) != flow_key(apart)


def test_isomorphic_cells_have_one_key() -> None:
    one = (CONV3, NONE, NONE, NONE, POOL, NONE)  # through node 1
    other = (NONE, CONV3, NONE, NONE, CONV1, POOL)  # through node 2, and a dead convolution
    assert flow_key(one) == flow_key(other)
    assert benchmark_name(one) == "#+#+((0)@nor_conv_3x3)@avg_pool_3x3"


def test_the_benchmarks_name_is_the_tables(whole_table: Path) -> None:
    with whole_table.open(encoding="utf-8") as file:
        rows = [(row, read(row["cell"])) for row in csv.DictReader(file)]
    assert all(benchmark_name(operations) == row["canonical"] for row, operations in rows)
    assert len({benchmark_name(operations) for _, operations in rows}) == 6466


def same_flow(one: nx.DiGraph, other: nx.DiGraph) -> bool:
    return nx.is_isomorphic(
        one,
        other,
        node_match=lambda a, b: a["role"] == b["role"],
        edge_match=lambda a, b: a["count"] == b["count"],
    )


@pytest.mark.slow
def test_keys_are_equal_exactly_for_isomorphic_flows() -> None:
    """5,425 classes, by the key and by comparing graphs; and where the difference to 6,466 comes from."""
    classes: dict[str, list[tuple[str, ...]]] = {}
    for operations in itertools.product(cell.OPERATIONS, repeat=6):
        classes.setdefault(flow_key(operations), []).append(operations)
    assert len(classes) == 5425
    firsts = [flow_graph(members[0]) for members in classes.values()]
    for members, first in zip(classes.values(), firsts, strict=True):
        assert all(same_flow(first, flow_graph(one)) for one in members)
    shapes: dict[tuple[object, ...], list[nx.DiGraph]] = {}
    for graph in firsts:
        roles = tuple(sorted(role for _, role in graph.nodes(data="role")))
        shapes.setdefault((roles, graph.number_of_edges()), []).append(graph)
    assert not any(
        same_flow(one, other)
        for graphs in shapes.values()
        for place, one in enumerate(graphs)
        for other in graphs[:place]
    )
    # The benchmark's names keep zeros as terms and a nested sum's terms in their place; the key does not.
    split = sum(len({benchmark_name(one) for one in members}) - 1 for members in classes.values())
    by_name: dict[str, set[str]] = {}
    for key, members in classes.items():
        for one in members:
            by_name.setdefault(benchmark_name(one), set()).add(key)
    # And they cannot tell one convolution that is read twice from two.
    merged = sum(len(keys) - 1 for keys in by_name.values())
    assert (split, merged) == (1697, 656)  # 6,466 - 1,697 + 656 = 5,425
