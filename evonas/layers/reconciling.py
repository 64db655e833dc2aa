"""Layers that give an image another size or depth, so that it can be added to others.

They have no tensors: zeroth-order interpolation for the size, truncation or zero padding for the channels,
as a skip connection needs where its two ends differ (He et al. 2016; Real et al. 2017, Section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import Flow, Layer, Shape, ShapeError, image, pair, positive
from .window import Pair, times

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class Resize(Layer):
    """The image at a given size, each pixel that of its nearest neighbour (zeroth-order interpolation).

    Pixel i of n reads pixel ⌊i m / n⌋ of m, up to torch's rounding.

    Attributes:
        size: Height and width of the output, or one number for both.
    """

    size: int | Pair = (1, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", pair(self.size))
        positive(self, size=self.size)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return (image(self, inputs[0])[0], *pair(self.size))

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        options: dict[str, Any] = {"size": pair(self.size), "mode": "nearest"}
        return graph.create_node(
            "call_function", F.interpolate, (values[0],), options, name=name.replace(".", "_")
        )

    def label(self) -> str:
        return f"resize {times(pair(self.size))}"


@dataclass(frozen=True)
class TakeChannels(Layer):
    """The first channels of an image (truncation).

    Attributes:
        channels: How many.
    """

    channels: int = 1

    @property
    def flow(self) -> Flow:
        return "fresh"

    def __post_init__(self) -> None:
        positive(self, channels=self.channels)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        if channels < self.channels:
            raise ShapeError(f"TakeChannels expected at least {self.channels} channels, got {channels}")
        return (self.channels, height, width)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        options: dict[str, Any] = {"dim": 1, "start": 0, "length": self.channels}
        return graph.create_node(
            "call_function", torch.narrow, (values[0],), options, name=name.replace(".", "_")
        )

    def label(self) -> str:
        return f"first {self.channels}"


@dataclass(frozen=True)
class PadChannels(Layer):
    """An image with channels of zeros after its own (zero padding).

    Attributes:
        extra: How many are added.
    """

    extra: int = 1

    @property
    def flow(self) -> Flow:
        return "fresh"

    def __post_init__(self) -> None:
        positive(self, extra=self.extra)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        return (channels + self.extra, height, width)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        padding = (0, 0, 0, 0, 0, self.extra)
        return graph.create_node("call_function", F.pad, (values[0], padding), name=name.replace(".", "_"))

    def label(self) -> str:
        return f"pad + {self.extra}"
