"""The settings of the DARTS space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...errors import UserError
from ...evolution import Space
from ...task import Task

LARGE_IMAGE = 96
"""Images of at least this many pixels a side start with the ImageNet stem."""


@dataclass(frozen=True)
class DartsSpace(Space):
    """Settings of the space; the defaults are those of the paper's evaluation on CIFAR-10 (Section 3.2).

    Attributes:
        cells: Layers: all cells, of which those at a third and at two thirds are reduction cells.
        filters: C, of the first cells; doubled by each reduction.
        stem: ``small`` (a 3×3 convolution of 3 C filters), ``large`` (three strided convolutions, as for
            ImageNet), or ``auto``: large for images of 96 pixels or more.
        q_c: Probability with which a crossover swaps each node.
    """

    cells: int = 20
    filters: int = 36
    stem: Literal["auto", "small", "large"] = "auto"
    q_c: float = 0.5

    separable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("cells", "filters"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UserError(f"darts {name}: expected a whole number of at least 1, got {value!r}")
        if self.stem not in ("auto", "small", "large"):
            raise UserError(f"darts stem: expected auto, small or large, got {self.stem!r}")
        if not isinstance(self.q_c, int | float) or isinstance(self.q_c, bool) or not 0 <= self.q_c <= 1:
            raise UserError(f"darts q_c: expected a probability from 0 to 1, got {self.q_c!r}")

    @property
    def reductions(self) -> tuple[int, ...]:
        """Which cells, from 0, are reduction cells; one alone where there are fewer than two cells."""
        return tuple(sorted({self.cells // 3, 2 * self.cells // 3}))

    def images(self, task: Task) -> Literal["small", "large"]:
        """Which stem the task's images get."""
        if self.stem != "auto":
            return self.stem
        return "large" if min(task.height, task.width) >= LARGE_IMAGE else "small"

    def check(self, task: Task) -> None:
        halvings = len(self.reductions) + (3 if self.images(task) == "large" else 0)
        if min(task.height, task.width) < 2**halvings:
            raise UserError(
                f"images: the {halvings} strides of this genome need at least {2**halvings}×{2**halvings} "
                f"pixels, got {task.height}×{task.width}"
            )
