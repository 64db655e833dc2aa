"""The settings of the AmoebaNet space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from ...errors import UserError, nearest
from ...evolution import Space
from ...files import AtLeastOne, check
from ...task import Task
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

    cells: AtLeastOne = 3
    filters: AtLeastOne = 24
    operations: Sequence[str] = SP_I
    combinations: AtLeastOne = OF_THE_SPACE
    stages: AtLeastOne = 3
    stem: Annotated[Literal["auto", "small", "large"], Meta(description="auto, small or large")] = "auto"

    separable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._resolve()
        check(self, "amoeba ")
        if not self.operations:
            raise UserError("amoeba operations: expected at least one, got none")
        for operation in self.operations:
            if operation not in OPERATIONS:
                known = nearest(str(operation), list(OPERATIONS))
                raise UserError(f"amoeba operations: {operation!r} is unknown; {known}")

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
