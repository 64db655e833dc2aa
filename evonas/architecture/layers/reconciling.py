"""Layers that give an image another size or depth, so that it can be added to others.

They have no tensors: interpolation for the size, truncation or zero padding for the channels,
as a skip connection needs where its two ends differ (He et al. 2016; Real et al. 2017, Section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from .base import Flow, Layer, Shape, ShapeError, image, not_negative, pair, positive
from .ties import Channels, Numbers, Ties, joined
from .window import Pair, times

if TYPE_CHECKING:
    from torch import fx

MODES = ("nearest", "bilinear")
"""Ways to interpolate that make nothing negative of what is not."""


@dataclass(frozen=True)
class Resize(Layer):
    """The image at a given size: each pixel that of its nearest neighbour, or a mean of the four around.

    The nearest to pixel i of n is pixel ⌊i m / n⌋ of m, up to torch's rounding.

    Attributes:
        size: Height and width of the output, or one number for both.
        mode: ``nearest`` (zeroth-order interpolation) or ``bilinear`` (first-order).
        corners: Whether bilinear interpolation lays the corner pixels' centres on each other, and not the
            corners of the images.
    """

    keeps = "neither"

    size: int | Pair = (1, 1)
    mode: str = "nearest"
    corners: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", pair(self.size))
        positive(self, size=self.size)
        if self.mode not in MODES:
            raise UserError(f"Resize mode: expected {' or '.join(MODES)}, got {self.mode!r}")
        if not isinstance(self.corners, bool) or (self.corners and self.mode == "nearest"):
            raise UserError(f"Resize corners: expected false, or true where bilinear, got {self.corners!r}")

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return (image(self, inputs[0])[0], *pair(self.size))

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        options: dict[str, Any] = {"size": pair(self.size), "mode": self.mode}
        if self.corners:
            options["align_corners"] = True
        return graph.create_node(
            "call_function", F.interpolate, (values[0],), options, name=name.replace(".", "_")
        )

    def label(self) -> str:
        words = f"resize {times(pair(self.size))}"
        return words if self.mode == "nearest" else f"{words} {self.mode}"


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
    """An image with channels of zeros behind its own (zero padding), or before them.

    Attributes:
        extra: How many are added behind.
        before: How many are added in front.
    """

    keeps = "neither"

    extra: int = 1
    before: int = 0

    @property
    def flow(self) -> Flow:
        return "fresh"

    def __post_init__(self) -> None:
        not_negative(self, before=self.before)
        if self.before:
            not_negative(self, extra=self.extra)
        else:
            positive(self, extra=self.extra)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        zeros = ties.fresh(self.before + self.extra)
        ties.need(zeros)
        front, back = zeros.part(0, self.before), zeros.part(self.before, len(zeros))
        return joined([front, inputs[0], back])

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> PadChannels:
        end = len(copies) - self.extra
        return PadChannels(int(copies[end:].sum()), int(copies[: self.before].sum()))

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = image(self, inputs[0])
        return (self.before + channels + self.extra, height, width)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch.nn.functional as F

        padding = (0, 0, 0, 0, self.before, self.extra)
        return graph.create_node("call_function", F.pad, (values[0], padding), name=name.replace(".", "_"))

    def label(self) -> str:
        return f"pad {self.before} + {self.extra}" if self.before else f"pad + {self.extra}"
