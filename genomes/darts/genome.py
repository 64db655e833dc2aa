"""The genome of DARTS: a normal cell and a reduction cell (Liu, Simonyan and Yang 2019)."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Self

import networkx as nx

from ...architecture import Architecture
from ...errors import UserError
from ...evolution import Genome
from ...task import Task
from .cell import Cell
from .decode import cell_name, decode
from .space import DartsSpace
from .text import is_text, read, write


class DartsGenome(Genome):
    """A normal and a reduction cell of four nodes.

    Attributes:
        normal: The cell that keeps its input's size.
        reduction: The cell that halves it.
    """

    name = "darts"
    space_type = DartsSpace
    recipe = "darts-small"
    space: DartsSpace

    def __init__(self, normal: Cell, reduction: Cell, space: DartsSpace | None = None) -> None:
        super().__init__(space or DartsSpace())
        self.normal = normal
        self.reduction = reduction

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """The normal and the reduction cell."""
        return (self.normal, self.reduction)

    @classmethod
    def random(cls, space: DartsSpace, rng: random.Random) -> Self:
        """Each node's pair of inputs and its operations drawn uniformly."""
        return cls(Cell.random(rng), Cell.random(rng), space)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # with what DEAP's tools may have put on it
        twin.normal, twin.reduction = self.normal.copy(), self.reduction.copy()
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DartsGenome) and self.cells == other.cells and self.space == other.space

    __hash__ = None  # type: ignore[assignment]

    def decode(self, task: Task) -> Architecture:
        return decode(self.normal, self.reduction, self.space, task)

    def auxiliary_node(self) -> str | None:
        """The output of the cell at two thirds, as the authors' code has it."""
        return f"{cell_name(self.space.reductions[-1])}.output"

    def key(self) -> str:
        return blake2b(f"{self.normal.key()}/{self.reduction.key()}".encode(), digest_size=16).hexdigest()

    def neighbours(self) -> list[Self]:
        """The 128 genotypes that differ in one operation, or in one node's pair of inputs."""
        kind, normal, reduction, space = type(self), self.normal, self.reduction, self.space
        found = [kind(cell, reduction.copy(), space) for cell in normal.neighbours()]
        return found + [kind(normal.copy(), cell, space) for cell in reduction.neighbours()]

    def to_dict(self) -> dict[str, Any]:
        return {
            "normal": [list(p) for p in self.normal.pairs()],
            "reduce": [list(p) for p in self.reduction.pairs()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: DartsSpace) -> Self:
        if not isinstance(data, Mapping) or not {"normal", "reduce"} <= set(data):
            raise UserError(f"darts genotype: expected 'normal' and 'reduce' cells, got {data!r:.80}")
        cells = []
        for name in ("normal", "reduce"):
            try:
                cells.append(Cell.from_pairs(data[name]))
            except UserError as error:
                raise UserError(f"darts genotype, {name}: {error}") from None
        return cls(cells[0], cells[1], space)

    @classmethod
    def reads(cls, text: str) -> bool:
        return is_text(text)

    @classmethod
    def from_text(cls, text: str, space: DartsSpace) -> Self:
        """From the authors' ``Genotype(...)``; what stands there is read, and never run."""
        return cls.from_dict(read(text), space)

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        from .published import PUBLISHED

        return {name: read(text) for name, text in PUBLISHED.items()}

    def pictured(self) -> dict[str, nx.DiGraph]:
        """Both cells, which are drawn side by side, as papers do."""
        return {"normal cell": self.normal.graph(), "reduction cell": self.reduction.graph()}

    def __str__(self) -> str:
        return write(self.normal, self.reduction)
