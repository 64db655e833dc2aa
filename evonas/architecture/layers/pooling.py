"""Pooling, and the one-pixel shift that a factorised reduction needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import UserError
from .base import Keeps, Layer, Shape, image, not_negative, pair, positive
from .window import Pair, same_padding, slide, times

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class _Pool2d(Layer):
    """A window that slides over each channel.

    Attributes:
        kernel: Height and width of the window, or one number for both.
        stride: Likewise.
        padding: Pixels on each side; None keeps the size at stride 1 (an even window is padded at the end).
    """

    keeps: ClassVar[Keeps] = "input"

    kernel: int | Pair = (3, 3)
    stride: int | Pair = (1, 1)
    padding: int | Pair | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernel", pair(self.kernel))
        object.__setattr__(self, "stride", pair(self.stride))
        positive(self, kernel=self.kernel, stride=self.stride)
        if self.padding is not None:
            not_negative(self, padding=self.padding)
            object.__setattr__(self, "padding", pair(self.padding))
            if any(2 * p > k for p, k in zip(pair(self.padding), pair(self.kernel), strict=True)):
                raise UserError(f"{self.kind} padding: expected 0 to half the window, got {self.padding}")

    @cached_property
    def pads(self) -> tuple[Pair, Pair]:
        """Padding before and after each axis."""
        if self.padding is None:
            return same_padding(pair(self.kernel))
        return pair(self.padding), pair(self.padding)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        before, after = self.pads
        total = (before[0] + after[0], before[1] + after[1])
        return (channels, *slide(self, (height, width), pair(self.kernel), pair(self.stride), total))

    def padded(self, inputs: Sequence[Shape]) -> int:
        """Numbers of the image that is padded by itself, where the ends of an axis are padded unlike."""
        before, after = self.pads
        if before == after:
            return 0
        channels, *size = inputs[0]
        return channels * math.prod(map(sum, zip(size, before, after, strict=True)))

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return self.padded(inputs), 0

    def label(self) -> str:
        words = [self.kind.removesuffix("Pool2d").lower(), times(pair(self.kernel))]
        if pair(self.stride) != (1, 1):
            words.append(f"stride {max(pair(self.stride))}")
        return " ".join(words)

    def _pool(self, graph: fx.Graph, name: str, value: fx.Node, function: Any, **options: Any) -> fx.Node:
        arguments = (value, pair(self.kernel), pair(self.stride), self.pads[0])
        return graph.create_node("call_function", function, arguments, options, name=name.replace(".", "_"))


@dataclass(frozen=True)
class MaxPool2d(_Pool2d):
    """The maximum in each window; padding never wins."""

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return self.padded(inputs), math.prod(self.shape(inputs))  # where the largest was

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        before, after = self.pads
        if before == after:
            return self._pool(graph, name, values[0], F.max_pool2d)
        padded = graph.call_function(
            F.pad, (values[0], (before[1], after[1], before[0], after[0]), "constant", -3e38)
        )
        unpadded = MaxPool2d(self.kernel, self.stride, padding=0)
        return unpadded._pool(graph, name, padded, F.max_pool2d)


@dataclass(frozen=True)
class MinPool2d(_Pool2d):
    """The minimum in each window; padding never wins."""

    keeps = "neither"

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return math.prod(inputs[0]) + self.padded(inputs), math.prod(self.shape(inputs))  # the negated image

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        negated = graph.call_function(torch.neg, (values[0],))
        largest = MaxPool2d(self.kernel, self.stride, self.padding).emit(graph, f"{name}.negated", [negated])
        return graph.create_node("call_function", torch.neg, (largest,), name=name.replace(".", "_"))


@dataclass(frozen=True)
class AvgPool2d(_Pool2d):
    """The mean of the pixels in each window, padding left out of the count."""

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        thinned = self.padded(inputs) and pair(self.stride) != (1, 1)
        return math.prod(inputs[0]) if thinned else 0, 0  # windows at stride 1

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        before, after = self.pads
        if before == after:
            return self._pool(graph, name, values[0], F.avg_pool2d, count_include_pad=False)
        # PyTorch pads both ends alike: at stride 1 that is one window too many at the start of an even axis.
        windows = AvgPool2d(self.kernel, 1, after)
        value = windows._pool(graph, f"{name}.windows", values[0], F.avg_pool2d, count_include_pad=False)
        surplus = (before[1] - after[1], 0, before[0] - after[0], 0)
        if pair(self.stride) == (1, 1):
            return graph.create_node("call_function", F.pad, (value, surplus), name=name.replace(".", "_"))
        cropped = graph.call_function(F.pad, (value, surplus))
        return AvgPool2d(1, self.stride)._pool(graph, name, cropped, F.avg_pool2d)


@dataclass(frozen=True)
class GlobalAvgPool(Layer):
    """The mean over height and width: an image becomes one number a channel."""

    keeps = "neither"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return (image(self, inputs[0])[0],)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        return graph.create_node(
            "call_function", torch.mean, (values[0], (2, 3)), name=name.replace(".", "_")
        )

    def label(self) -> str:
        return "global avg"


@dataclass(frozen=True)
class Shift(Layer):
    """Moves the image up and to the left by one pixel; zeros enter at the end.

    A factorised reduction reads every other pixel of the image and of its shift, so that a stride
    of 2 loses none (AmoebaNet, https://github.com/tensorflow/tpu).
    """

    keeps = "neither"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return image(self, inputs[0])

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        return graph.create_node(
            "call_function", F.pad, (values[0], (-1, 1, -1, 1)), name=name.replace(".", "_")
        )

    def label(self) -> str:
        return "shift"
