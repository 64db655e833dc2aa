"""Genomes of a normal and a reduction cell, as NASNet has them and, after it, AmoebaNet and DARTS.

What such a genome is, whatever its cells hold: two parts that are copied, compared, identified and drawn
one beside the other. What a cell is, and how a network is made of two, each genome says itself.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Generic, Protocol, Self, TypeVar

import networkx as nx

from ..errors import UserError
from ..evolution import Genome, Space


class TwinCell(Protocol):
    """What a genome of two cells needs of one."""

    def copy(self) -> Self:
        """An independent copy."""

    def graph(self) -> nx.DiGraph:
        """The cell as a small labelled graph, for drawings."""

    def key(self) -> str:
        """Equal exactly for isomorphic cells."""


CellT = TypeVar("CellT", bound=TwinCell)


class TwoCells(Genome, Generic[CellT]):
    """A normal and a reduction cell.

    Attributes:
        normal: The cell that keeps its input's size.
        reduction: The cell that halves it.

    Args:
        normal: The first.
        reduction: The second.
        space: The settings; by default those that the genome has where none is changed.
    """

    def __init__(self, normal: CellT, reduction: CellT, space: Space | None = None) -> None:
        super().__init__(space or self.default_space())
        self.normal = normal
        self.reduction = reduction

    @property
    def cells(self) -> tuple[CellT, CellT]:
        """The normal and the reduction cell."""
        return (self.normal, self.reduction)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # with what DEAP's tools may have put on it
        twin.normal, twin.reduction = self.normal.copy(), self.reduction.copy()
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TwoCells) and self.cells == other.cells and self.space == other.space

    __hash__ = None  # type: ignore[assignment]

    def key(self) -> str:
        return blake2b(f"{self.normal.key()}/{self.reduction.key()}".encode(), digest_size=16).hexdigest()

    def pictured(self) -> dict[str, nx.DiGraph]:
        """Both cells, which are drawn side by side, as papers do."""
        return {"normal cell": self.normal.graph(), "reduction cell": self.reduction.graph()}


def read_both(
    read: Callable[[Any], CellT], forms: Iterable[tuple[str, Any]], error: str
) -> tuple[CellT, CellT]:
    """Both cells, read from what stands for them.

    Args:
        read: Reads one.
        forms: What a message calls each, and its form; the normal cell first.
        error: A message about one, with ``{name}`` and ``{reason}``.

    Raises:
        UserError: One cannot be read; it says which.
    """
    found = []
    for name, form in forms:
        try:
            found.append(read(form))
        except UserError as reason:
            raise UserError(error.format(name=name, reason=reason)) from None
    return found[0], found[1]
