"""The motifs of a genotype as graphs to draw."""

from __future__ import annotations

import networkx as nx

from .motif import Edge
from .operations import IDENTITY
from .space import HierarchicalSpace
from .wiring import Levels, live_edges


def pictures(levels: Levels, space: HierarchicalSpace) -> dict[str, nx.DiGraph]:
    """The top motif and those that it uses, from the top down; what leads nowhere is left out."""
    edges = live_edges(levels, len(space.primitives))
    top = len(levels) + 1
    found = {"cell": _picture(top, edges[-1][0], space)}
    used = {edge.operation for edge in edges[-1][0]}
    for level in range(top - 1, 1, -1):
        below: set[int] = set()
        for number in sorted(used):
            title = f"motif {number}" if top == 3 else f"motif {number} of level {level}"
            motif = edges[level - 2][number - 1]
            found[title] = _picture(level, motif, space)
            below |= {edge.operation for edge in motif}
        used = below
    return found


def _picture(level: int, edges: list[Edge], space: HierarchicalSpace) -> nx.DiGraph:
    """A motif: its nodes, and between them one node for each operation; identities are plain edges."""
    names = space.names(level)
    last = space.nodes[level - 2]
    graph = nx.DiGraph()
    graph.add_node(1, label="input")
    for node in sorted({edge.successor for edge in edges} - {last}):
        merges = sum(edge.successor == node for edge in edges) > 1
        graph.add_node(node, label=f"concat · node {node}" if merges else f"node {node}")
    graph.add_node(last, label="output")
    for edge in edges:
        name = names[edge.operation]
        if name == IDENTITY:
            graph.add_edge(edge.predecessor, edge.successor)
            continue
        between = (edge.predecessor, edge.successor)
        graph.add_node(between, label=name.replace("motif", "motif "))
        graph.add_edge(edge.predecessor, between)
        graph.add_edge(between, edge.successor)
    if not edges:
        graph.add_edge(1, last)
    return graph
