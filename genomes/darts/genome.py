"""The genome of DARTS: a normal cell and a reduction cell (Liu, Simonyan and Yang 2019)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from ...architecture import Architecture
from ...errors import UserError
from ...task import Task
from ..two_cells import TwoCells, read_both
from .cell import PAIRS, Cell, Node
from .decode import cell_name, decode
from .space import DartsSpace
from .text import is_text, read, write


class DartsGenome(TwoCells[Cell]):
    """A normal and a reduction cell of four nodes.

    Attributes:
        normal: The cell that keeps its input's size.
        reduction: The cell that halves it.
    """

    name = "darts"
    space_type = DartsSpace
    recipe = "darts-small"
    good_for = "the space of many papers since 2019, with their cells to begin from, and for local-search"
    space: DartsSpace

    @classmethod
    def random(cls, space: DartsSpace, rng: random.Random) -> Self:
        """Each node's pair of inputs and its operations drawn uniformly."""
        return cls(Cell.random(rng), Cell.random(rng), space)

    @classmethod
    def smallest(cls, space: DartsSpace, task: Task) -> Self:
        """A pooling, which has no parameters, on every edge."""
        nodes = [Node(pairs[0], ("max_pool_3x3", "max_pool_3x3")) for pairs in PAIRS.values()]
        return cls(Cell(nodes), Cell(nodes), space)

    def decode(self, task: Task) -> Architecture:
        return decode(self.normal, self.reduction, self.space, task)

    def auxiliary_node(self) -> str | None:
        """The output of the cell at two thirds, as the authors' code has it."""
        return f"{cell_name(self.space.reductions[-1])}.output"

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
        forms = ((name, data[name]) for name in ("normal", "reduce"))
        return cls(*read_both(Cell.from_pairs, forms, "darts genotype, {name}: {reason}"), space)

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

    def __str__(self) -> str:
        return write(self.normal, self.reduction)
