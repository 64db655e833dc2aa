"""Layers that give an image another size or depth, so that it can be added to others.

They have no tensors: zeroth-order interpolation for the size, truncation or zero padding for the channels,
as a skip connection needs where its two ends differ (He et al. 2016; Real et al. 2017, Section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import Flow, Layer, Shape, ShapeError, image, not_negative, pair, positive
from .ties import Channels, Numbers, Ties, joined
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

    keeps = "neither"

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
    """Neighbouring channels of an image, by default the first ones (truncation).

    Attributes:
        channels: How many.
        start: How many are left out before them.
    """

    keeps = "neither"

    channels: int = 1
    start: int = 0

    @property
    def flow(self) -> Flow:
        return "fresh"

    def __post_init__(self) -> None:
        positive(self, channels=self.channels)
        not_negative(self, start=self.start)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        return inputs[0].part(self.start, self.start + self.channels)

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> TakeChannels:
        """The slice whose bounds have moved with the channels before and in it."""
        return TakeChannels(int(copies.sum()), int(inputs[0][: self.start].sum()))

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        if channels < self.start + self.channels:
            wanted = self.start + self.channels
            raise ShapeError(f"TakeChannels expected at least {wanted} channels, got {channels}")
        return (self.channels, height, width)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        options: dict[str, Any] = {"dim": 1, "start": self.start, "length": self.channels}
        return graph.create_node(
            "call_function", torch.narrow, (values[0],), options, name=name.replace(".", "_")
        )

    def label(self) -> str:
        if self.start == 0:
            return f"first {self.channels}"
        return f"channels {self.start} to {self.start + self.channels - 1}"


@dataclass(frozen=True)
class PadChannels(Layer):
    """An image with channels of zeros after its own (zero padding).

    Attributes:
        extra: How many are added.
    """

    keeps = "neither"

    extra: int = 1

    @property
    def flow(self) -> Flow:
        return "fresh"

    def __post_init__(self) -> None:
        positive(self, extra=self.extra)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        zeros = ties.fresh(self.extra)
        ties.need(zeros)
        return joined([inputs[0], zeros])

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> PadChannels:
        return PadChannels(int(copies[-self.extra :].sum()))

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        return (channels + self.extra, height, width)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        padding = (0, 0, 0, 0, 0, self.extra)
        return graph.create_node("call_function", F.pad, (values[0], padding), name=name.replace(".", "_"))

    def label(self) -> str:
        return f"pad + {self.extra}"
