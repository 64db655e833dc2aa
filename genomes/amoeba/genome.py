"""The AmoebaNet genome: a normal cell and a reduction cell (Real et al. 2019)."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Self

from ...architecture import Architecture
from ...errors import UserError
from ...task import Task
from ..two_cells import TwoCells, read_both
from .cell import INPUTS, Cell, is_text
from .decode import decode
from .space import AmoebaSpace

_TWO = re.compile(
    r"\s*(?:normal:)?(?P<normal>[^|:]*)(?:\|\s*(?:reduction:)?|(?<=\s)reduction:)(?P<reduction>.*)", re.DOTALL
)


def _cells(read: Callable[[Any], Cell], normal: Any, reduction: Any) -> tuple[Cell, Cell]:
    """Both cells, read; an error says in which one it is."""
    return read_both(read, (("normal", normal), ("reduction", reduction)), "{name} {reason}")


class AmoebaGenome(TwoCells[Cell]):
    """A normal and a reduction cell.

    Attributes:
        normal: The cell that keeps its input's size.
        reduction: The cell that halves it.
    """

    name = "amoeba"
    space_type = AmoebaSpace
    recipe = "amoebanet-small"
    good_for = "images of your own; its cells are searched small and trained larger (--cells, --filters)"
    space: AmoebaSpace

    @classmethod
    def random(cls, space: AmoebaSpace, rng: random.Random) -> Self:
        """Both cells drawn uniformly, as the paper's initial population."""
        cells = [Cell.random(space.combinations, space.operations, rng) for _ in range(2)]
        return cls(cells[0], cells[1], space)

    @classmethod
    def smallest(cls, space: AmoebaSpace, task: Task) -> Self:
        """One operation everywhere, each combination reading the one before it, so that one end is loose."""

        def chain(operation: str) -> Cell:
            states = [0, *range(INPUTS, INPUTS + space.combinations - 1)]
            return Cell([((operation, state), (operation, state)) for state in states])

        found = [cls(chain(one), chain(one), space) for one in space.operations]
        return min(found, key=lambda genome: genome.decode(task).parameter_count())

    def decode(self, task: Task) -> Architecture:
        return decode(self.normal, self.reduction, self.space, task)

    def outside_space(self) -> str:
        """An operation that the space does not have, or another number of combinations.

        Published cells are read in any space, and so `from_dict` refuses neither.
        """
        space = self.space
        for name, cell in (("normal", self.normal), ("reduction", self.reduction)):
            if len(cell.combinations) != space.combinations:
                expected = f"expected {space.combinations} combinations"
                return f"{name} cell: {expected}, got {len(cell.combinations)}"
            for index, pair in enumerate(cell.combinations):
                for operation, _ in pair:
                    if operation not in space.operations:
                        expected = f"expected operations of {', '.join(space.operations)}"
                        return f"{name} cell, combinations[{index}]: {expected}, got {operation!r}"
        return ""

    def auxiliary_node(self) -> str | None:
        """The end of the last stage but one: two thirds of the way, as the authors' code has it."""
        return (
            f"stage{self.space.stages - 1}.cell{self.space.cells}.output" if self.space.stages > 1 else None
        )

    def to_dict(self) -> dict[str, Any]:
        return {"normal": self.normal.to_dict(), "reduction": self.reduction.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: AmoebaSpace) -> Self:
        if not isinstance(data, Mapping) or "normal" not in data or "reduction" not in data:
            raise UserError(f"amoeba genotype: expected 'normal' and 'reduction' cells, got {data!r:.80}")
        return cls(*_cells(Cell.from_dict, data["normal"], data["reduction"]), space)

    @classmethod
    def reads(cls, text: str) -> bool:
        return is_text(text)

    @classmethod
    def from_text(cls, text: str, space: AmoebaSpace) -> Self:
        """Two cells with ``|`` between them; each may have its name in front, as `summary` writes it."""
        found = _TWO.fullmatch(text)
        if not found:
            raise UserError(f"amoeba genotype: expected two cells with | between them, got {text!r:.80}")
        return cls(*_cells(Cell.from_text, found["normal"], found["reduction"]), space)

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        from .published import PUBLISHED

        return {name: {"normal": n.to_dict(), "reduction": r.to_dict()} for name, (n, r) in PUBLISHED.items()}

    def __str__(self) -> str:
        return f"{self.normal} | {self.reduction}"

    def summary(self) -> str:
        """Both cells, each with its name."""
        return f"normal: {self.normal} | reduction: {self.reduction}"
