"""The settings of the NAS-Bench-201 space (Dong and Yang 2020, Section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UserError
from ...evolution import Space
from ...files import AtLeastOne, Probability, check
from ...task import Task

STAGES = 3
HALVED = 2 ** (STAGES - 1)
"""What two reductions divide an image's sides by. Of an odd side the benchmark's convolution keeps one pixel
more than the mean of 2×2 pixels beside it, so that they cannot be added."""


@dataclass(frozen=True)
class NasBench201Space(Space):
    """Settings of the space; the defaults are the benchmark's.

    Attributes:
        filters: C, of the first of three stages; doubled after each reduction.
        cells: N, in each stage.
        q_m: Probability with which a mutation of all edges changes each one.
        q_c: With which a crossover swaps each edge.
    """

    filters: AtLeastOne = 16
    cells: AtLeastOne = 5
    q_m: Probability = 1 / 6
    q_c: Probability = 0.5

    def __post_init__(self) -> None:
        check(self, "nasbench201 ")

    def check(self, task: Task) -> None:
        if task.height % HALVED or task.width % HALVED:
            raise UserError(
                f"images: the two reductions of this genome need sides of a multiple of {HALVED} pixels, "
                f"got {task.height}×{task.width}"
            )
