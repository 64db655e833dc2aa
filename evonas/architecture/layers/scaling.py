"""A learnt factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Layer, Shape

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Scale(Layer):
    """The input times one learnt number, such as the λ of a skip connection (Elsken et al. 2018, type IV).

    Attributes:
        initial: The number before training.
    """

    keeps = "input"

    initial: float = 1.0

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        return {"weight": (1,)}

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from ._scale import ScaleModule

        return ScaleModule()

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        from torch import nn

        nn.init.constant_(module.weight, self.initial)  # type: ignore[arg-type]

    def label(self) -> str:
        return "× λ"
