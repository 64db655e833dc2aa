"""Layers that act in training only: paths and channels that are dropped whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import UserError
from .base import Layer, Shape, image

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class DropPath(Layer):
    """Drops a whole path for some examples while training, as often as the training plan says.

    Larsson et al. 2017; its probability grows over a training (ScheduledDropPath, Zoph et al. 2018), so it is
    set by the trainer and no choice of the architecture.
    """

    steered = True
    keeps = "neither"

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from ._drop_path import DroppedPath

        return DroppedPath()

    def label(self) -> str:
        return "drop path"


@dataclass(frozen=True)
class Dropout2d(Layer):
    """Zeroes whole channels at random while training (Tompson et al. 2015).

    Attributes:
        probability: That a channel is zeroed, in [0, 1).
    """

    keeps = "neither"
    draws = False

    probability: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.probability < 1:
            raise UserError(f"Dropout2d probability: expected at least 0 and below 1, got {self.probability}")

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return image(self, inputs[0])

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return inputs[0][0], 0  # which were zeroed

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.Dropout2d(self.probability)

    def label(self) -> str:
        return f"channel dropout {self.probability:g}"
