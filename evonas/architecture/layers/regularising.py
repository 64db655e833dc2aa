"""Layers that act in training only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Layer, Shape

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
