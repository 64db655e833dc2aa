"""Leaky rectifiers: of a given slope, and of a learnt one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from .base import Layer, Shape
from .ties import Axes

if TYPE_CHECKING:
    import torch
    from torch import fx, nn


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """max(x, slope · x): what is negative is made smaller, not zero (Maas et al. 2013).

    Attributes:
        slope: In [0, 1].
    """

    keeps = "input"

    slope: float = 0.01

    def __post_init__(self) -> None:
        if not isinstance(self.slope, int | float) or not 0 <= self.slope <= 1:
            raise UserError(f"LeakyReLU slope: expected 0 to 1, got {self.slope!r}")

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        options: dict[str, Any] = {"negative_slope": float(self.slope)}
        return graph.create_node(
            "call_function", F.leaky_relu, (values[0],), options, name=name.replace(".", "_")
        )

    def label(self) -> str:
        return f"leaky ReLU {self.slope:g}"


@dataclass(frozen=True)
class PReLU(Layer):
    """max(x, 0) + slope · min(x, 0) with a learnt slope (He et al. 2015).

    Attributes:
        shared: Whether all channels have one slope; else each has its own.
        initial: The slope before training.
    """

    keeps = "input"
    draws = False

    shared: bool = True
    initial: float = 0.25

    def __post_init__(self) -> None:
        if not isinstance(self.shared, bool):
            raise UserError(f"PReLU shared: expected true or false, got {self.shared!r}")
        if not isinstance(self.initial, int | float):
            raise UserError(f"PReLU initial: expected a number, got {self.initial!r}")

    def input_axis(self, tensor: str) -> int | None:
        return None if self.shared else 0

    def axes(self, tensor: str) -> Axes:
        return Axes() if self.shared else Axes(output=0)

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        return {"weight": (1 if self.shared else inputs[0][0],)}

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.PReLU(1 if self.shared else inputs[0][0], init=float(self.initial))

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """All slopes alike."""
        module.weight.fill_(self.initial)  # type: ignore[operator]

    def label(self) -> str:
        return "PReLU" if self.shared else "PReLU by channel"
