"""Pixels of any units, brought to units in which float32 loses nothing of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..data import channel_statistics
from ..task import Statistics

LARGEST, LEAST = 1e100, 1e-100
"""Between these the square of a number is one that float64 has."""

BLOCK = 1024
"""Images that are changed at a time, so that no second copy of all is made in float64."""


@dataclass(frozen=True)
class Units:
    """What images are measured in: their values are ``mean + std · z``.

    Attributes:
        statistics: Mean and standard deviation of each channel; None for bytes, which stay as they are.
    """

    statistics: Statistics | None

    @classmethod
    def of(cls, images: NDArray[Any]) -> Self:
        """The units of training images (N, H, W, C)."""
        if images.dtype == np.uint8:
            return cls(None)
        peak = float(np.abs(images).max())
        unit = 1.0 if LEAST < peak < LARGEST or peak == 0 else peak
        found = channel_statistics(images / unit if unit != 1 else images)
        mean = tuple(unit * value for value in found.mean)
        return cls(Statistics(mean, tuple(unit * value for value in found.std)))

    def stored(self, images: NDArray[Any]) -> NDArray[Any]:
        """The images in these units: bytes, or float32 around 0."""
        if self.statistics is None:
            return np.ascontiguousarray(images)
        mean, std = np.array(self.statistics.mean), np.array(self.statistics.std)
        found = np.empty(images.shape, np.float32)
        for start in range(0, len(images), BLOCK):
            found[start : start + BLOCK] = (images[start : start + BLOCK] - mean) / std
        return found

    def raw(self, statistics: Statistics) -> Statistics:
        """Statistics of stored images as those of the images as they came."""
        if self.statistics is None:
            return statistics
        own = list(zip(self.statistics.mean, self.statistics.std, strict=True))
        mean = tuple(m + s * value for (m, s), value in zip(own, statistics.mean, strict=True))
        return Statistics(mean, tuple(s * value for (_, s), value in zip(own, statistics.std, strict=True)))
