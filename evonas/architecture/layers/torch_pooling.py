"""Pooling as PyTorch's own networks use it: to a given size, with a last window cut short, zeros counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Layer, Shape, ShapeError, image, pair, positive
from .pooling import _Pool2d
from .window import Pair, times

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class AdaptiveAvgPool2d(Layer):
    """The mean of the pixels in each cell of a grid, whatever the size of the image.

    Cell i of n holds the pixels from ⌊i m / n⌋ up to, but without, ⌈(i + 1) m / n⌉ of m.

    Attributes:
        size: Height and width of the grid, or one number for both.
    """

    keeps = "input"

    size: int | Pair = (1, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", pair(self.size))
        positive(self, size=self.size)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return (image(self, inputs[0])[0], *pair(self.size))

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        arguments = (values[0], pair(self.size))
        return graph.create_node(
            "call_function", F.adaptive_avg_pool2d, arguments, name=name.replace(".", "_")
        )

    def label(self) -> str:
        return f"avg to {times(pair(self.size))}"


@dataclass(frozen=True)
class CeilMaxPool2d(_Pool2d):
    """The maximum in each window, the last of which may reach beyond the image (PyTorch's ``ceil_mode``).

    A window counts if it starts in the image or in the padding before it; padding never wins.
    """

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return 0, math.prod(self.shape(inputs))

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, *size = image(self, inputs[0])
        out = []
        for length, kernel, stride, pads in zip(
            size, pair(self.kernel), pair(self.stride), self._even_pads(), strict=True
        ):
            room = length + 2 * pads - kernel
            if room < 0:
                raise ShapeError(
                    f"{self.kind} expected an image of at least its window {self.kernel}, got {tuple(size)}"
                )
            windows = -(-room // stride) + 1
            out.append(windows - 1 if (windows - 1) * stride >= length + pads else windows)
        return (channels, *out)

    def _even_pads(self) -> Pair:
        before, after = self.pads
        if before != after:
            raise ShapeError(f"{self.kind} kernel: an even one needs an explicit padding, got {self.kernel}")
        return before

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        return self._pool(graph, name, values[0], F.max_pool2d, ceil_mode=True)

    def label(self) -> str:
        return super().label().replace("ceilmax", "max")


@dataclass(frozen=True)
class PaddedAvgPool2d(_Pool2d):
    """The mean in each window, zeros of the padding counted (PyTorch's ``count_include_pad``)."""

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        before, after = self.pads
        if before == after:
            return self._pool(graph, name, values[0], F.avg_pool2d)
        padded = graph.call_function(F.pad, (values[0], (before[1], after[1], before[0], after[0])))
        unpadded = PaddedAvgPool2d(self.kernel, self.stride, padding=0)
        return unpadded._pool(graph, name, padded, F.avg_pool2d)

    def label(self) -> str:
        return super().label().replace("paddedavg", "avg")
