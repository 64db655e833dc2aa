"""Whether images are in the units of those that a network was trained on, as far as their values show it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Statistics

DEVIATIONS = 3
"""The mean of all values is nearer to that of the training images, counted in their standard deviations."""

FRACTION = 20
"""The largest value is no smaller part of what is usual in training; images divided by 255 are."""


@dataclass
class Units:
    """What the values of images are like, gathered batch by batch."""

    count: int = 0
    total: float = 0.0
    largest: float = 0.0

    def add(self, x: NDArray[Any]) -> None:
        """Looks at a batch."""
        self.count += x.size
        self.total += float(x.sum(dtype=np.float64))
        self.largest = max(self.largest, float(x.max()), -float(x.min()))

    def said(self, statistics: Statistics | None) -> list[str]:
        """That the values are far from those of the training images; nothing where they are not.

        >>> units = Units()
        >>> units.add(np.array([0.0, 1.0]))
        >>> units.said(Statistics((130.0,), (60.0,)))[0][:39]
        'careful: the values here (mean 0.5, lar'
        """
        if statistics is None or not self.count:
            return []
        mean = sum(statistics.mean) / len(statistics.mean)
        deviation = sqrt(sum(std**2 for std in statistics.std) / len(statistics.std))
        here = self.total / self.count
        usual = abs(mean) + deviation
        if abs(here - mean) <= DEVIATIONS * deviation and self.largest * FRACTION >= usual:
            return []
        return [
            f"careful: the values here (mean {here:.4g}, largest {self.largest:.4g}) are far from those of "
            f"the training images (mean {mean:.4g}, deviation {deviation:.4g}): are they in the same units?"
        ]
