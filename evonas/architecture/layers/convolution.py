"""Convolution: dense, grouped, depthwise and dilated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ...errors import UserError
from .base import Flow, Layer, Shape, ShapeError, image, not_negative, pair, positive
from .ties import Axes, Channels, Numbers, Ties
from .window import Pair, same_padding, slide, times

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Conv2d(Layer):
    """A two-dimensional convolution.

    Attributes:
        out_channels: Filters; None for a depthwise convolution, which keeps its input's channels.
        kernel: Height and width of the filter, or one number for both.
        stride: Likewise.
        padding: Pixels on each side; None keeps the size at stride 1 (odd kernels only).
        dilation: Spacing of the filter's taps.
        groups: Groups of channels convolved apart.
        depthwise: One filter a channel.
        bias: Whether a bias is added (normalisation that follows makes it useless).
    """

    keeps = "input"

    out_channels: int | None = None
    kernel: int | Pair = (3, 3)
    stride: int | Pair = (1, 1)
    padding: int | Pair | None = None
    dilation: int | Pair = (1, 1)
    groups: int = 1
    depthwise: bool = False
    bias: bool = False

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, pair(getattr(self, name)))
        positive(self, kernel=self.kernel, stride=self.stride, dilation=self.dilation, groups=self.groups)
        if self.depthwise != (self.out_channels is None):
            raise UserError(
                f"Conv2d out_channels: expected None exactly where depthwise, got {self.out_channels}"
            )
        if self.out_channels is not None:
            positive(self, out_channels=self.out_channels)
        elif self.groups != 1:
            raise UserError(
                f"Conv2d groups: expected 1 where depthwise, which is grouped anyway, got {self.groups}"
            )
        if self.padding is not None:
            not_negative(self, padding=self.padding)
            object.__setattr__(self, "padding", pair(self.padding))
        elif any(k % 2 == 0 for k in pair(self.kernel)):
            raise UserError(f"Conv2d kernel: an even one needs an explicit padding, got {self.kernel}")

    @property
    def flow(self) -> Flow:
        return "through" if self.depthwise else "fresh"

    def input_axis(self, tensor: str) -> int | None:
        if self.depthwise:
            return 0
        return 1 if tensor == "weight" and self.groups == 1 else None

    @property
    def sized(self) -> bool:
        return not self.depthwise

    def axes(self, tensor: str) -> Axes:
        return Axes(0, 1 if tensor == "weight" and not self.depthwise else None)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        """As `flow` says; groups are tied position by position, what they read and what they make."""
        made = super().tied(inputs, count, ties)
        if self.groups > 1:
            ties.tie_groups(inputs[0], self.groups)
            ties.tie_groups(made, self.groups)
        return made

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> Conv2d:
        return self if self.depthwise else replace(self, out_channels=int(copies.sum()))

    @cached_property
    def pads(self) -> Pair:
        """Pixels of padding on each side."""
        if self.padding is None:
            return same_padding(pair(self.kernel), pair(self.dilation))[0]
        return pair(self.padding)

    def _channels(self, inputs: Sequence[Shape]) -> tuple[int, int, int]:
        """Input channels, output channels and groups."""
        channels = image(self, inputs[0])[0]
        if self.out_channels is None:
            return channels, channels, channels
        if channels % self.groups or self.out_channels % self.groups:
            raise ShapeError(
                f"Conv2d expected channels that {self.groups} groups divide, "
                f"got {channels} -> {self.out_channels}"
            )
        return channels, self.out_channels, self.groups

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        _, height, width = image(self, inputs[0])
        total = (2 * self.pads[0], 2 * self.pads[1])
        size = slide(self, (height, width), pair(self.kernel), pair(self.stride), total, pair(self.dilation))
        return (self._channels(inputs)[1], *size)

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        channels, filters, groups = self._channels(inputs)
        tensors: dict[str, Shape] = {"weight": (filters, channels // groups, *pair(self.kernel))}
        if self.bias:
            tensors["bias"] = (filters,)
        return tensors

    def flops(self, inputs: Sequence[Shape]) -> int:
        return 2 * math.prod(self.shape(inputs)[1:]) * math.prod(self.parameters(inputs)["weight"])

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        channels, filters, groups = self._channels(inputs)
        kind = nn.Conv2d
        if self._only_skips(groups):
            from ._strided_pointwise import StridedPointwise as kind  # noqa: N813 - the class to be made
        return kind(
            channels,
            filters,
            pair(self.kernel),
            stride=pair(self.stride),
            padding=self.pads,
            dilation=pair(self.dilation),
            groups=groups,
            bias=self.bias,
        )

    def _only_skips(self, groups: int) -> bool:
        """Whether all that its stride does is to leave out pixels."""
        once = (1, 1)
        return self.kernel == once and self.stride != once and self.pads == (0, 0) and groups == 1

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """He et al. 2015: normal with variance 2 / fan-out, which suits the ReLU that follows."""
        from torch import nn

        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)  # type: ignore[arg-type]
        if self.bias:
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def label(self) -> str:
        words = ["depthwise" if self.depthwise else "conv", times(pair(self.kernel))]
        if self.out_channels is not None:
            words.append(f"→ {self.out_channels}")
        if pair(self.stride) != (1, 1):
            words.append(f"stride {max(pair(self.stride))}")
        if pair(self.dilation) != (1, 1):
            words.append(f"dilation {max(pair(self.dilation))}")
        if self.groups > 1:
            words.append(f"groups {self.groups}")
        return " ".join(words)
