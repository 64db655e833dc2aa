"""Canonical hashes: equal exactly for isomorphic labelled graphs.

Colours are refined until they are stable (Weisfeiler and Leman 1968); where nodes stay alike, one of
them is told apart and refinement goes on, and the smallest certificate wins (the individualisation
and refinement of McKay and Piperno 2014, in its simplest form). Nodes that turn out to be
interchangeable are explored once, so that many equal branches cost no more than a few.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any

import networkx as nx

Certificate = tuple[tuple[str, tuple[tuple[Any, int], ...]], ...]


def canonical_hash(
    graph: nx.DiGraph,
    label: Callable[[Any], str],
    edge: Callable[[Any, Any], Hashable] = lambda source, target: 0,
) -> str:
    """A hash of an acyclic graph that does not depend on the names or the order of its nodes.

    Args:
        graph: A directed acyclic graph.
        label: What tells a node from others, its name apart.
        edge: What tells an edge from others (input positions, a multiplicity); all of one sortable type.

    Returns:
        32 hexadecimal digits.

    >>> path = nx.DiGraph([("a", "b"), ("b", "c")])
    >>> renamed = nx.DiGraph([("y", "x"), ("z", "y")])
    >>> canonical_hash(path, lambda node: "") == canonical_hash(renamed, lambda node: "")
    True
    """
    search = _Search(graph, label, edge)
    certificate = search.smallest(search.refine(search.flow_colours()))
    return blake2b(repr(certificate).encode(), digest_size=16).hexdigest()


class _Search:
    """The graph with its nodes numbered, and the search for its smallest certificate."""

    def __init__(
        self, graph: nx.DiGraph, label: Callable[[Any], str], edge: Callable[[Any, Any], Hashable]
    ) -> None:
        order = list(nx.topological_sort(graph))
        index = {node: position for position, node in enumerate(order)}
        self.labels = [label(node) for node in order]
        self.before = [[(edge(source, node), index[source]) for source in graph.pred[node]] for node in order]
        self.after: list[list[tuple[Any, int]]] = [[] for _ in order]
        for target, sources in enumerate(self.before):
            for mark, source in sources:
                self.after[source].append((mark, target))

    def flow_colours(self) -> list[int]:
        """Colours from one pass with the edges and one against them.

        Both passes tell apart nearly everything that refinement would, without a round for each
        step of the graph's depth.
        """
        count = len(self.labels)
        down: list[Hashable] = [None] * count
        up: list[Hashable] = [None] * count
        for node in range(count):
            down[node] = _digest(self.labels[node], sorted((mark, down[s]) for mark, s in self.before[node]))
        for node in reversed(range(count)):
            up[node] = _digest(self.labels[node], sorted((mark, up[t]) for mark, t in self.after[node]))
        return _ranks(list(zip(down, up, strict=True)))

    def refine(self, colours: list[int]) -> list[int]:
        """Splits colours by the colours of neighbours until nothing changes."""
        distinct = len(set(colours))
        while distinct < len(colours):
            signatures = [
                (
                    colours[node],
                    tuple(sorted((mark, colours[s]) for mark, s in self.before[node])),
                    tuple(sorted((mark, colours[t]) for mark, t in self.after[node])),
                )
                for node in range(len(colours))
            ]
            colours = _ranks(signatures)
            now = len(set(colours))
            if now == distinct:
                break
            distinct = now
        return colours

    def smallest(self, colours: list[int]) -> Certificate:
        """The smallest certificate below these stable colours."""
        cell = self._first_tie(colours)
        if not cell:
            return self._certificate(colours)
        first = self._individualised(colours, cell[0])
        reference = self._some_leaf(first)
        best = self.smallest(first)
        for node in cell[1:]:
            other = self._individualised(colours, node)
            if self._some_leaf(other) != reference:  # else an automorphism maps cell[0] here: same subtree
                best = min(best, self.smallest(other))
        return best

    def _some_leaf(self, colours: list[int]) -> Certificate:
        """The certificate at the end of the first path down."""
        while cell := self._first_tie(colours):
            colours = self._individualised(colours, cell[0])
        return self._certificate(colours)

    def _individualised(self, colours: list[int], node: int) -> list[int]:
        told_apart = [2 * colour + 1 for colour in colours]
        told_apart[node] -= 1
        return self.refine(_ranks(told_apart))

    @staticmethod
    def _first_tie(colours: list[int]) -> list[int]:
        cells: dict[int, list[int]] = {}
        for node, colour in enumerate(colours):
            cells.setdefault(colour, []).append(node)
        return next((cells[colour] for colour in sorted(cells) if len(cells[colour]) > 1), [])

    def _certificate(self, colours: list[int]) -> Certificate:
        order = sorted(range(len(colours)), key=colours.__getitem__)
        return tuple(
            (self.labels[node], tuple(sorted((mark, colours[source]) for mark, source in self.before[node])))
            for node in order
        )


def _digest(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=12).digest()


def _ranks(keys: list[Any]) -> list[int]:
    """The rank of each key among the distinct ones."""
    rank = {key: position for position, key in enumerate(sorted(set(keys)))}
    return [rank[key] for key in keys]
