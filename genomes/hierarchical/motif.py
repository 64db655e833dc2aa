"""A motif: a small graph whose edges carry operations of the level below (Liu et al. 2018, Section 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...errors import UserError, nearest

NO_EDGE = 0
"""What the paper calls the operation "none": there is no edge. Real operations are numbered from 1."""

NO_EDGE_NAME = "no_edge"
"""Its name in JSON; not "none", which means other things elsewhere."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""A digit for each operation in a motif's text form."""


class Edge(NamedTuple):
    """An edge with its operation; nodes are numbered from 1, the motif's input, as in the paper."""

    successor: int
    predecessor: int
    operation: int


class Motif:
    """The operation between each two nodes; mutated in place.

    Attributes:
        nodes: Their number, at least 2: node 1 is the input, the last one the output.
        operations: The entries G_ij of the adjacency matrix, row by row: (2,1), (3,1), (3,2), (4,1), ...
    """

    __slots__ = ("nodes", "operations")

    def __init__(self, nodes: int, operations: Sequence[int]) -> None:
        if len(operations) != pairs(nodes):
            raise UserError(
                f"motif: expected {pairs(nodes)} operations between {nodes} nodes, got {len(operations)}"
            )
        self.nodes = nodes
        self.operations = list(operations)

    @classmethod
    def chain(cls, nodes: int, operation: int) -> Motif:
        """Each node reads only the one before it, by the same operation."""
        motif = cls(nodes, [NO_EDGE] * pairs(nodes))
        for successor in range(2, nodes + 1):
            motif.operations[place(successor, successor - 1)] = operation
        return motif

    def copy(self) -> Motif:
        """An independent copy."""
        twin = Motif.__new__(Motif)
        twin.nodes = self.nodes
        twin.operations = self.operations[:]
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Motif) and self.nodes == other.nodes and self.operations == other.operations

    __hash__ = None  # type: ignore[assignment]

    def edges(self) -> Iterator[Edge]:
        """The edges that there are, in the order of their successors and, of one, its predecessors."""
        for successor in range(2, self.nodes + 1):
            for predecessor in range(1, successor):
                operation = self.operations[place(successor, predecessor)]
                if operation != NO_EDGE:
                    yield Edge(successor, predecessor, operation)

    def live_edges(self, works: Sequence[bool]) -> list[Edge]:
        """The edges on a way from the input to the output.

        Args:
            works: Whether each operation, from the first on, lets anything through. One that does not is as
                good as no edge.

        Returns:
            The edges in their order; none where no way leads to the output.
        """
        reached = {1}
        open_edges = []
        for edge in self.edges():
            if edge.predecessor in reached and works[edge.operation - 1]:
                reached.add(edge.successor)
                open_edges.append(edge)
        needed = {self.nodes}
        kept = []
        for edge in reversed(open_edges):
            if edge.successor in needed:
                needed.add(edge.predecessor)
                kept.append(edge)
        return kept[::-1]

    # -- as data and text -----------------------------------------------------------------------

    def rows(self) -> list[list[int]]:
        """For each node but the first, its operations on the nodes before it."""
        return [self.operations[place(node, 1) : place(node + 1, 1)] for node in range(2, self.nodes + 1)]

    def to_rows(self, names: Sequence[str]) -> list[list[str]]:
        """A form for JSON: the rows, with the operations' names, that of "no edge" first."""
        return [[names[operation] for operation in row] for row in self.rows()]

    @classmethod
    def from_rows(cls, rows: Any, names: list[str]) -> Motif:
        """The reverse of `to_rows`.

        Raises:
            UserError: It is no list of rows, or a name is unknown.
        """
        shaped = isinstance(rows, list) and all(
            isinstance(row, list) and len(row) == number for number, row in enumerate(rows, 1)
        )
        if not shaped or not rows:
            raise UserError(f"motif: expected rows of 1, 2, 3, ... operations, got {rows!r:.80}")
        operations = []
        for name in (name for row in rows for name in row):
            if name not in names:
                raise UserError(f"motif operation {name!r} is unknown; {nearest(str(name), names)}")
            operations.append(names.index(name))
        return cls(len(rows) + 1, operations)

    def __str__(self) -> str:
        return "-".join("".join(DIGITS[operation] for operation in row) for row in self.rows())

    @classmethod
    def from_text(cls, text: str) -> Motif:
        """A motif from its text form, a digit for each operation, such as ``4-12-314``.

        Raises:
            UserError: It is no such text.
        """
        rows = text.split("-")
        for number, row in enumerate(rows, 1):
            if len(row) != number or any(digit not in DIGITS for digit in row):
                raise UserError(f"motif: expected rows of 1, 2, 3, ... digits, - between, got {text!r:.60}")
        return cls(len(rows) + 1, [DIGITS.index(digit) for row in rows for digit in row])


def pairs(nodes: int) -> int:
    """The number of pairs of nodes, each of which may have an edge.

    >>> pairs(4), pairs(5), pairs(11)
    (6, 10, 55)
    """
    return nodes * (nodes - 1) // 2


def place(successor: int, predecessor: int) -> int:
    """The position of a pair of nodes in `Motif.operations`.

    >>> [place(2, 1), place(3, 1), place(3, 2), place(4, 1)]
    [0, 1, 2, 3]
    """
    return pairs(successor - 1) + predecessor - 1
