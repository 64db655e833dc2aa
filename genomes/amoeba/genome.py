"""The AmoebaNet genome: a normal cell and a reduction cell (Real et al. 2019)."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Literal, Self

import networkx as nx

from ...architecture.architecture import Architecture
from ...errors import UserError, nearest
from ...evolution.genome import Genome, Space
from ...task import Task
from .cell import Cell
from .decode import decode
from .operations import OPERATIONS, SP_I, SPACES

LARGE_IMAGE = 96
"""Images of at least this many pixels a side start with the ImageNet stem."""

OF_THE_SPACE: Any = None
"""The number of combinations where none is chosen."""


@dataclass(frozen=True)
class AmoebaSpace(Space):
    """Settings of the AmoebaNet space.

    Attributes:
        cells: N, normal cells in each stage.
        filters: F, filters of the first stage; doubled by each reduction.
        operations: What mutation and random sampling draw from, or the name of one of the paper's spaces,
            which is replaced by its operations: ``SP-I``, the default, ``SP-II`` or ``SP-III``.
        combinations: Pairwise combinations in a cell; by default 5, and 15 for ``SP-III``.
        stages: Stages of normal cells, a reduction between each two.
        stem: ``small`` (a 3×3 convolution), ``large`` (strided, two reductions more, as for ImageNet), or
            ``auto``: large for images of 96 pixels or more.
    """

    cells: int = 3
    filters: int = 24
    operations: Sequence[str] = SP_I
    combinations: int = OF_THE_SPACE
    stages: int = 3
    stem: Literal["auto", "small", "large"] = "auto"

    separable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._resolve()
        for name in ("cells", "filters", "combinations", "stages"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UserError(f"amoeba {name}: expected a whole number of at least 1, got {value!r}")
        if not self.operations:
            raise UserError("amoeba operations: expected at least one, got none")
        for operation in self.operations:
            if operation not in OPERATIONS:
                known = nearest(str(operation), list(OPERATIONS))
                raise UserError(f"amoeba operations: {operation!r} is unknown; {known}")
        if self.stem not in ("auto", "small", "large"):
            raise UserError(f"amoeba stem: expected auto, small or large, got {self.stem!r}")

    def _resolve(self) -> None:
        """Fills in what the name of a space stands for."""
        combinations = 5
        if isinstance(self.operations, str):
            if self.operations not in SPACES:
                known = nearest(self.operations, list(SPACES))
                raise UserError(f"amoeba operations: {self.operations!r} is unknown; {known}")
            operations, combinations = SPACES[self.operations]
            object.__setattr__(self, "operations", operations)
        if self.combinations is OF_THE_SPACE:
            object.__setattr__(self, "combinations", combinations)

    def images(self, task: Task) -> Literal["small", "large"]:
        """Which stem the task's images get."""
        if self.stem != "auto":
            return self.stem
        return "large" if min(task.height, task.width) >= LARGE_IMAGE else "small"

    def check(self, task: Task) -> None:
        halvings = self.stages - 1 + (3 if self.images(task) == "large" else 0)
        smallest = 2 ** min(halvings, 64)  # no image is larger
        if min(task.height, task.width) < smallest:
            raise UserError(
                f"images: the {halvings} strides of this genome need at least {smallest}×{smallest} pixels, "
                f"got {task.height}×{task.width}"
            )


def _cells(read: Callable[[Any], Cell], normal: Any, reduction: Any) -> tuple[Cell, Cell]:
    """Both cells, read; an error says in which one it is."""
    found = []
    for name, form in (("normal", normal), ("reduction", reduction)):
        try:
            found.append(read(form))
        except UserError as error:
            raise UserError(f"{name} {error}") from None
    return found[0], found[1]


class AmoebaGenome(Genome):
    """A normal and a reduction cell.

    Attributes:
        normal: The cell that keeps its input's size.
        reduction: The cell that halves it.
    """

    name = "amoeba"
    space_type = AmoebaSpace
    recipe = "amoebanet-small"
    space: AmoebaSpace

    def __init__(self, normal: Cell, reduction: Cell, space: AmoebaSpace | None = None) -> None:
        super().__init__(space or AmoebaSpace())
        self.normal = normal
        self.reduction = reduction

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """The normal and the reduction cell."""
        return (self.normal, self.reduction)

    @classmethod
    def random(cls, space: AmoebaSpace, rng: random.Random) -> Self:
        """Both cells drawn uniformly, as the paper's initial population."""
        cells = [Cell.random(space.combinations, space.operations, rng) for _ in range(2)]
        return cls(cells[0], cells[1], space)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # with what DEAP's tools may have put on it
        twin.normal, twin.reduction = self.normal.copy(), self.reduction.copy()
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AmoebaGenome) and self.cells == other.cells and self.space == other.space

    __hash__ = None  # type: ignore[assignment]

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

    def key(self) -> str:
        return blake2b(f"{self.normal.key()}/{self.reduction.key()}".encode(), digest_size=16).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        return {"normal": self.normal.to_dict(), "reduction": self.reduction.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: AmoebaSpace) -> Self:
        if not isinstance(data, Mapping) or "normal" not in data or "reduction" not in data:
            raise UserError(f"amoeba genotype: expected 'normal' and 'reduction' cells, got {data!r:.80}")
        return cls(*_cells(Cell.from_dict, data["normal"], data["reduction"]), space)

    @classmethod
    def from_text(cls, text: str, space: AmoebaSpace) -> Self:
        normal, bar, reduction = text.partition("|")
        if not bar:
            raise UserError(f"amoeba genotype: expected two cells with | between them, got {text!r:.80}")
        return cls(*_cells(Cell.from_text, normal, reduction), space)

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        from .published import PUBLISHED

        return {name: {"normal": n.to_dict(), "reduction": r.to_dict()} for name, (n, r) in PUBLISHED.items()}

    def pictured(self) -> dict[str, nx.DiGraph]:
        """Both cells, which are drawn side by side, as papers do."""
        return {"normal cell": self.normal.graph(), "reduction cell": self.reduction.graph()}

    def __str__(self) -> str:
        return f"{self.normal} | {self.reduction}"

    def summary(self) -> str:
        """Both cells, each with its name."""
        return f"normal: {self.normal} | reduction: {self.reduction}"
