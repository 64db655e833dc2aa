"""Canonical hashes: equal exactly for isomorphic labelled graphs.

Colours are refined until they are stable (Weisfeiler and Leman 1968). Nodes of a colour of their own then
need no further thought, and what is left falls into parts that do not touch, each with a certificate of its
own: many equal branches cost no more than one. Where a part has no node of a colour of its own, one is told
apart, refinement goes on, and the smallest certificate wins (the individualisation and refinement of McKay
and Piperno 2014, in its simplest form).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import networkx as nx

Colours = dict[int, int]
"""The colour of each node of a part; what is not in it does not count."""

Certificate = tuple[Any, ...]


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
    certificate = search.certificate(search.flow_colours(), search.labels)
    return blake2b(repr(certificate).encode(), digest_size=16).hexdigest()


class _Search:
    """The graph with its nodes numbered, and the search for its smallest certificate."""

    def __init__(
        self, graph: nx.DiGraph, label: Callable[[Any], str], edge: Callable[[Any, Any], Hashable]
    ) -> None:
        order = list(nx.topological_sort(graph))
        index = {node: position for position, node in enumerate(order)}
        self.labels = {index[node]: label(node) for node in order}
        self.before = [[(edge(source, node), index[source]) for source in graph.pred[node]] for node in order]
        self.after: list[list[tuple[Any, int]]] = [[] for _ in order]
        for target, sources in enumerate(self.before):
            for mark, source in sources:
                self.after[source].append((mark, target))

    def flow_colours(self) -> Colours:
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
        return _ranks({node: (down[node], up[node]) for node in range(count)})

    def certificate(
        self, colours: Colours, labels: Mapping[int, Any], any_will_do: bool = False
    ) -> Certificate:
        """What describes a part of the graph completely, its nodes' names and order apart.

        Args:
            colours: The part's nodes; they may be alike only where their labels are.
            labels: What the certificate tells of a node.
            any_will_do: Take the first choice where one must be made, not the smallest of all.
        """
        colours = self._refined(colours)
        cells = _cells(colours)
        rows = tuple((labels[cell[0]], _seen(self.before[cell[0]], colours)) for cell in cells)
        tied = {node: colours[node] for cell in cells if len(cell) > 1 for node in cell}
        parts = sorted(self._of_part(part, any_will_do) for part in self._parts(tied))
        return rows, tuple(parts)

    def _refined(self, colours: Colours) -> Colours:
        """Splits colours by the colours of neighbours until nothing changes."""
        distinct = len(set(colours.values()))
        while distinct < len(colours):
            signatures = {
                node: (colour, _seen(self.before[node], colours), _seen(self.after[node], colours))
                for node, colour in colours.items()
            }
            colours = _ranks(signatures)
            now = len(set(colours.values()))
            if now == distinct:
                break
            distinct = now
        return colours

    def _parts(self, colours: Colours) -> Iterator[Colours]:
        """The connected parts of what has a colour."""
        left = set(colours)
        while left:
            part = [left.pop()]
            for node in part:
                near = {other for _, other in (*self.before[node], *self.after[node])} & left
                left -= near
                part.extend(near)
            yield {node: colours[node] for node in part}

    def _of_part(self, colours: Colours, any_will_do: bool) -> Certificate:
        """The certificate of a connected part whose colours are stable."""
        cells = _cells(colours)
        if any(len(cell) == 1 for cell in cells):
            return self.certificate(colours, colours, any_will_do)
        tie = min(cells, key=len)

        def told_apart(node: int, any_will_do: bool) -> Certificate:
            apart = {other: 2 * colour + (other != node) for other, colour in colours.items()}
            return self.certificate(apart, apart, any_will_do)

        if any_will_do:
            return told_apart(tie[0], True)
        reference = told_apart(tie[0], True)
        best = told_apart(tie[0], False)
        for node in tie[1:]:
            if told_apart(node, True) != reference:  # else an automorphism maps tie[0] here: same result
                best = min(best, told_apart(node, False))
        return best


def _seen(neighbours: list[tuple[Any, int]], colours: Colours) -> tuple[tuple[Any, int], ...]:
    return tuple(sorted((mark, colours[node]) for mark, node in neighbours if node in colours))


def _cells(colours: Colours) -> list[list[int]]:
    """The nodes of each colour."""
    cells: dict[int, list[int]] = {}
    for node, colour in colours.items():
        cells.setdefault(colour, []).append(node)
    return [cells[colour] for colour in sorted(cells)]


def _digest(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=12).digest()


def _ranks(keys: Mapping[int, Any]) -> Colours:
    """The rank of each node's key among the distinct ones."""
    rank = {key: position for position, key in enumerate(sorted(set(keys.values())))}
    return {node: rank[key] for node, key in keys.items()}
