"""A cell of DARTS: four nodes, each the sum of two operations on two earlier nodes (Section 2.1, 2.4)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import networkx as nx

from ...architecture import canonical_hash
from ...errors import UserError, nearest

SKIP = "skip_connect"
OPERATIONS = (
    *("max_pool_3x3", "avg_pool_3x3", SKIP, "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"),
)
"""The seven operations, by their names in the authors' code and in its order. Its eighth, ``none``, is what a
search weighs them against: no cell that it gives has one."""

INPUTS = 2
"""Nodes 0 and 1 are the outputs of the cell before the previous one and of the previous one."""
NODES = 4
"""Intermediate nodes, numbered from 2; the output concatenates all of them (Section 3.1.1)."""
PAIRS = {node: tuple(combinations(range(node), 2)) for node in range(INPUTS, INPUTS + NODES)}
"""The pairs of inputs that each node can have. A pair is one choice: 1, 3, 6 and 10, and so 180 wirings."""


class Node(NamedTuple):
    """The inputs of a node, the smaller first, and the operation on each."""

    inputs: tuple[int, int]
    operations: tuple[str, str]


class Cell:
    """A cell as evolution sees it; mutated in place.

    Attributes:
        nodes: The four nodes, from node 2 on.
    """

    __slots__ = ("nodes",)

    def __init__(self, nodes: Sequence[Node]) -> None:
        if len(nodes) != NODES:
            raise UserError(f"expected {NODES} nodes, got {len(nodes)}")
        self.nodes = [_checked(number, node) for number, node in enumerate(nodes, INPUTS)]

    @classmethod
    def random(cls, rng: random.Random) -> Cell:
        """Each node's pair of inputs and its operations drawn uniformly."""
        return cls(
            [
                Node(rng.choice(pairs), (rng.choice(OPERATIONS), rng.choice(OPERATIONS)))
                for pairs in PAIRS.values()
            ]
        )

    def copy(self) -> Cell:
        """An independent copy."""
        twin = Cell.__new__(Cell)
        twin.nodes = list(self.nodes)
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.nodes == other.nodes

    __hash__ = None  # type: ignore[assignment]

    def edges(self) -> list[tuple[int, int, str]]:
        """Source, node and operation of each edge, in the order of the nodes."""
        return [
            (source, number, operation)
            for number, node in enumerate(self.nodes, INPUTS)
            for source, operation in zip(node.inputs, node.operations, strict=True)
        ]

    def set_operation(self, node: int, side: int, operation: str) -> None:
        """Gives one of a node's two edges another operation; nodes count from 0, the first one that sums."""
        inputs, (first, second) = self.nodes[node]
        self.nodes[node] = Node(inputs, (first, operation) if side else (operation, second))

    def set_inputs(self, node: int, inputs: tuple[int, int]) -> None:
        """Gives a node another pair of inputs; an input that stays keeps its operation."""
        before = dict(zip(*self.nodes[node], strict=True))
        free = [operation for source, operation in before.items() if source not in inputs]
        first, second = (before[source] if source in before else free.pop(0) for source in inputs)
        self.nodes[node] = Node(inputs, (first, second))

    def neighbours(self) -> list[Cell]:
        """The cells that differ in one operation or in one node's pair of inputs: 48 and 16."""
        found = []
        for place, node in enumerate(self.nodes):
            for side in range(2):
                for operation in OPERATIONS:
                    if operation != node.operations[side]:
                        found.append(self.copy())
                        found[-1].set_operation(place, side, operation)
            for pair in PAIRS[place + INPUTS]:
                if pair != node.inputs:
                    found.append(self.copy())
                    found[-1].set_inputs(place, pair)
        return found

    def graph(self) -> nx.DiGraph:
        """The cell as a graph: inputs, one node for each operation and each sum, and the output.

        Node attribute ``label``. The concatenation's order is left out, as the convolutions that read it can
        be reordered.
        """
        graph = nx.DiGraph()
        for number, label in enumerate(("skip", "direct")):
            graph.add_node(number, label=label)
        for number in PAIRS:
            graph.add_node(number, label="add")
        for source, number, operation in self.edges():
            graph.add_node((source, number), label=operation)
            graph.add_edge(source, (source, number))
            graph.add_edge((source, number), number)
        graph.add_node("output", label="output")
        graph.add_edges_from((number, "output") for number in PAIRS)
        return graph

    def key(self) -> str:
        """Equal exactly for cells that differ in nothing but the order of nodes."""
        graph = self.graph()
        return canonical_hash(graph, lambda node: str(graph.nodes[node]["label"]))

    # -- as data --------------------------------------------------------------------------------

    def pairs(self) -> list[tuple[str, int]]:
        """The authors' form: operation and input of each edge, two a node."""
        return [(operation, source) for source, _, operation in self.edges()]

    @classmethod
    def from_pairs(cls, pairs: Any) -> Cell:
        """The reverse of `pairs`; the order of a node's two does not matter.

        Raises:
            UserError: It is no list of eight such, or no cell.
        """
        if not isinstance(pairs, list | tuple) or not all(
            isinstance(pair, list | tuple)
            and len(pair) == 2
            and isinstance(pair[0], str)
            and type(pair[1]) is int
            for pair in pairs
        ):
            raise UserError(f"expected a list of (operation, input), got {pairs!r:.80}")
        if len(pairs) != 2 * NODES:
            raise UserError(
                f"expected {NODES} nodes of two (operation, input) each, "
                f"got {len(pairs)} of them, which is {len(pairs) / 2:g} nodes"
            )
        nodes = []
        for place in range(0, len(pairs), 2):
            (first, one), (second, two) = sorted(pairs[place : place + 2], key=lambda pair: pair[1])
            nodes.append(Node((one, two), (first, second)))
        return cls(nodes)

    def __str__(self) -> str:
        return " ".join(
            "+".join(
                f"{operation}({source})"
                for source, operation in zip(node.inputs, node.operations, strict=True)
            )
            for node in self.nodes
        )


def _checked(number: int, node: Node) -> Node:
    """A node, if it can be the one of that number.

    Raises:
        UserError: An operation is unknown, or its inputs are no two earlier nodes.
    """
    inputs, operations = node
    for operation in operations:
        if operation not in OPERATIONS:
            raise UserError(f"node {number}: operation {operation!r:.60} is unknown; {_hint(operation)}")
    if inputs not in PAIRS[number]:
        raise UserError(
            f"node {number}: expected two different inputs of nodes 0 to {number - 1}, "
            f"got {inputs[0]} and {inputs[1]}"
        )
    return Node(inputs, operations)


def _hint(operation: str) -> str:
    if operation == "none":
        return f"a cell has none left, one of {', '.join(OPERATIONS)} stands in its place"
    return nearest(operation, list(OPERATIONS))
