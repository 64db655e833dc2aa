"""The AmoebaNet cell: five pairwise combinations of hidden states (Real et al. 2019, Methods)."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import networkx as nx

from ...architecture import canonical_hash
from ...errors import UserError, nearest
from .operations import OPERATIONS

DIRECT, SKIP = 0, 1
"""The two inputs: the previous cell's output, and the output of the one before it."""
INPUTS = 2

SIDES = ("left", "right")
"""What the two elements of a combination are called."""

Element = tuple[str, int]
"""An operation and the hidden state that it reads."""

_START = re.compile(r"\s*(?:normal:\s*)?\w+\(\d+\)\+", re.ASCII)
_ELEMENT = re.compile(r"([a-z0-9_]+)\((\d+)\)")


def is_text(text: str) -> bool:
    """Whether a text is meant as cells of this kind, right or wrong."""
    return _START.match(text) is not None


class Cell:
    """A cell as evolution sees it; mutated in place.

    Attributes:
        combinations: Pairs of elements; combination i makes hidden state i + 2, the sum of its two.
        extra: States concatenated to the output besides the loose ends; empty but for some published
            genotypes.
    """

    __slots__ = ("combinations", "extra")

    def __init__(self, combinations: Sequence[tuple[Element, Element]], extra: Sequence[int] = ()) -> None:
        self.combinations = [(left, right) for left, right in combinations]
        self.extra = tuple(extra)
        self._check()

    def _check(self) -> None:
        if not self.combinations:
            raise UserError("cell: expected at least one combination, got none")
        for index, pair in enumerate(self.combinations):
            for side, (operation, state) in enumerate(pair):
                wrong = ""
                if operation not in OPERATIONS:
                    wrong = f"operation {operation!r} is unknown; {nearest(operation, list(OPERATIONS))}"
                elif not isinstance(state, int) or not 0 <= state < index + INPUTS:
                    wrong = f"may read states 0 to {index + INPUTS - 1}, got {state!r}"
                if wrong:
                    raise UserError(f"cell, combinations[{index}], {SIDES[side]}: {wrong}")
        states = len(self.combinations) + INPUTS
        if any(not isinstance(state, int) or not 0 <= state < states for state in self.extra):
            raise UserError(f"cell extra outputs: expected states below {states}, got {list(self.extra)}")

    @classmethod
    def random(cls, combinations: int, operations: Sequence[str], rng: random.Random) -> Cell:
        """Every state and every operation drawn uniformly."""

        def element(index: int) -> Element:
            return rng.choice(operations), rng.randrange(index + INPUTS)

        return cls([(element(index), element(index)) for index in range(combinations)])

    def copy(self) -> Cell:
        """An independent copy."""
        twin = Cell.__new__(Cell)
        twin.combinations = list(self.combinations)
        twin.extra = self.extra
        return twin

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Cell) and self.combinations == other.combinations and self.extra == other.extra
        )

    __hash__ = None  # type: ignore[assignment]

    def outputs(self) -> list[int]:
        """The states that are concatenated: those that no combination reads, and the extra ones.

        A cell's input counts only as an extra.
        """
        used = {state for pair in self.combinations for _, state in pair}
        loose = {state for state in range(INPUTS, len(self.combinations) + INPUTS) if state not in used}
        return sorted(loose | set(self.extra))

    def set_element(self, combination: int, side: int, element: Element) -> None:
        """Replaces one element of one combination."""
        pair = list(self.combinations[combination])
        pair[side] = element
        self.combinations[combination] = (pair[0], pair[1])

    def graph(self) -> nx.DiGraph:
        """The cell as a graph: states, one node for each operation, and the output.

        Node attribute ``label``; edge attribute ``count``, how often one node reads another. The
        concatenation's order is left out, as the convolutions that read it can be reordered.
        """
        graph = nx.DiGraph()
        for state, label in ((DIRECT, "direct"), (SKIP, "skip")):
            graph.add_node(state, label=label)
        for index, pair in enumerate(self.combinations):
            graph.add_node(index + INPUTS, label="add")
            for side, (operation, state) in enumerate(pair):
                node = (index, side)
                graph.add_node(node, label=operation)
                graph.add_edge(state, node)
                graph.add_edge(node, index + INPUTS)
        graph.add_node("output", label="output")
        graph.add_edges_from((state, "output") for state in self.outputs())
        return graph

    def key(self) -> str:
        """Equal exactly for cells that differ in nothing but the order of combinations and of sums."""
        graph = self.graph()
        return canonical_hash(graph, lambda node: str(graph.nodes[node]["label"]))

    # -- as data and text -----------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        data: dict[str, Any] = {
            "combinations": [[list(left), list(right)] for left, right in self.combinations]
        }
        if self.extra:
            data["extra"] = list(self.extra)
        return data

    @classmethod
    def from_dict(cls, data: Any) -> Cell:
        """The reverse of `to_dict`.

        Raises:
            UserError: It is no such form, or not a cell.
        """
        try:
            pairs = [((str(a), b), (str(c), d)) for (a, b), (c, d) in data["combinations"]]
            extra = list(data.get("extra", ()))
        except (TypeError, ValueError, KeyError, AttributeError):
            raise UserError(
                f"cell: expected combinations of two [operation, state], got {data!r:.80}"
            ) from None
        return cls(pairs, extra)

    def __str__(self) -> str:
        sums = " ".join(
            "+".join(f"{operation}({state})" for operation, state in pair) for pair in self.combinations
        )
        return f"{sums} extra({','.join(map(str, self.extra))})" if self.extra else sums

    @classmethod
    def from_text(cls, text: str) -> Cell:
        """A cell from its text form, such as ``avg3x3(0)+max3x3(0) sep3x3(2)+identity(1)``.

        Raises:
            UserError: It is no such text.
        """
        extra: list[int] = []
        pairs = []
        for word in text.split():
            if word.startswith("extra("):
                extra = [int(number) for number in re.findall(r"\d+", word)]
                continue
            elements = [_ELEMENT.fullmatch(part) for part in word.split("+")]
            if len(elements) != 2 or not all(elements):
                raise UserError(f"cell: expected operation(state)+operation(state), got {word!r:.80}")
            left, right = ((found[1], int(found[2])) for found in elements if found)
            pairs.append((left, right))
        return cls(pairs, extra)
