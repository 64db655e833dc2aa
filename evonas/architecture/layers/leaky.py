"""The leaky rectifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from .base import Layer

if TYPE_CHECKING:
    from torch import fx


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
