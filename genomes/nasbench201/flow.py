"""A cell as what flows through it: the operations that matter, and the sums that they read.

What a skip connection reads becomes part of the sum that it leads to, so that cells which only write the same
sum in another way become one. What reads nothing but zeros, and what nothing reads, is dead and left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import networkx as nx

from ...architecture import canonical_hash
from .cell import ALL, EDGES, NODES, NONE, SKIP

Edge = tuple[int, int]
Terms = tuple[Edge | None, ...]
"""What a sum adds: operations, by their edge, and None for the cell's input. Empty for zeros."""


@dataclass(frozen=True)
class Flow:
    """A cell without its dead parts.

    Attributes:
        operations: The name of each operation, by its edge, in the order in which they can be computed.
        reads: The terms of the sum that each reads.
        output: The terms of the cell's output.
    """

    operations: dict[Edge, str]
    reads: dict[Edge, Terms]
    output: Terms


@lru_cache(ALL)
def flow(operations: tuple[str, ...]) -> Flow:
    """What flows through a cell."""
    by_edge = dict(zip(EDGES, operations, strict=True))
    terms: list[Terms] = [(None,)]
    for target in range(1, NODES):
        found: list[Edge | None] = []
        for source in range(target):
            operation = by_edge[source, target]
            if operation == SKIP:
                found += terms[source]
            elif operation != NONE and terms[source]:
                found.append((source, target))
        terms.append(tuple(found))
    wanted: set[Edge] = set()
    waiting = [term for term in terms[-1] if term is not None]
    while waiting:
        edge = waiting.pop()
        if edge not in wanted:
            wanted.add(edge)
            waiting += [term for term in terms[edge[0]] if term is not None]
    alive = [edge for edge in EDGES if edge in wanted]
    return Flow({edge: by_edge[edge] for edge in alive}, {edge: terms[edge[0]] for edge in alive}, terms[-1])


def flow_graph(operations: tuple[str, ...]) -> nx.DiGraph:
    """The flow as a graph: operations and the sums that they read.

    Returns:
        Node attribute ``role``: an operation's name, ``sum``, ``input`` or ``output``; edge attribute
        ``count``: how often a sum has the term. A sum of one term is left out, and sums of the same terms are
        one.
    """
    whole = flow(operations)
    graph = nx.DiGraph()
    graph.add_node("input", role="input")
    for edge, operation in whole.operations.items():
        graph.add_node(edge, role=operation)
    graph.add_node("output", role="output")
    for reader, terms in [*whole.reads.items(), ("output", whole.output)]:
        counted = Counter("input" if term is None else term for term in terms)
        if reader != "output" and sum(counted.values()) > 1:
            place = ("sum", frozenset(counted.items()))
            graph.add_node(place, role="sum")
            graph.add_edge(place, reader, count=1)
            reader = place
        graph.add_edges_from((term, reader, {"count": count}) for term, count in counted.items())
    if not whole.output:
        graph.remove_node("input")  # zeros, whatever it is
    return graph


@lru_cache(ALL)
def flow_key(operations: tuple[str, ...]) -> str:
    """Equal exactly for cells whose flows are isomorphic."""
    graph = flow_graph(operations)
    counts = {(source, target): count for source, target, count in graph.edges(data="count")}
    return canonical_hash(
        graph, lambda node: str(graph.nodes[node]["role"]), lambda source, target: counts[source, target]
    )
