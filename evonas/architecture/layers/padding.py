"""Frames around images, and images without their frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from .base import Layer, Shape, ShapeError, image

if TYPE_CHECKING:
    from torch import fx

Sides = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Pad(Layer):
    """Rows and columns that enter or go at the edges of an image.

    Attributes:
        sides: How many enter at the left, right, top and bottom, in PyTorch's order; negative ones go.
    """

    keeps = "neither"

    sides: Sides = (0, 0, 0, 0)

    def __post_init__(self) -> None:
        if not isinstance(self.sides, tuple) or len(self.sides) != 4 or not all(map(_is_whole, self.sides)):
            raise UserError(
                f"{self.kind} sides: expected four whole numbers (left, right, top, bottom), "
                f"got {self.sides!r}"
            )

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        left, right, top, bottom = self.sides
        size = (height + top + bottom, width + left + right)
        gone = (-min(top, 0), -min(bottom, 0), -min(left, 0), -min(right, 0))
        if min(size) < 1 or max(gone[:2]) > height or max(gone[2:]) > width:
            raise ShapeError(
                f"{self.kind} expected an image of which sides of {self.sides} leave something, "
                f"got {(height, width)}"
            )
        return (channels, *size)

    def _padded(self, graph: fx.Graph, name: str, value: fx.Node, *more: Any) -> fx.Node:
        import torch.nn.functional as F

        arguments = (value, self.sides, *more)
        return graph.create_node("call_function", F.pad, arguments, name=name.replace(".", "_"))

    def label(self) -> str:
        left, right, top, bottom = self.sides
        words = f"{left}" if left == right == top == bottom else f"{left},{right} / {top},{bottom}"
        return f"crop {words.replace('-', '')}" if max(self.sides) <= 0 else f"pad {words}"


@dataclass(frozen=True)
class Pad(_Pad):
    """Zeros around an image (``nn.ZeroPad2d``), unlike at its sides if need be; a crop where negative.

    A window's own padding is the same at both ends of an axis; this is for where it is not, or where zeros
    are to be looked at by something else, such as a maximum.
    """

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        return self._padded(graph, name, values[0])


@dataclass(frozen=True)
class ConstantPad(_Pad):
    """A number around an image (``nn.ConstantPad2d``).

    Attributes:
        value: The number, finite.
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise UserError(f"ConstantPad value: expected a finite number, got {self.value!r}")

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        return self._padded(graph, name, values[0], "constant", float(self.value))

    def label(self) -> str:
        return f"{super().label()} with {self.value:g}"


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
