"""Transposed convolution: an image becomes larger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import UserError
from .base import Flow, Layer, Shape, ShapeError, image, not_negative, pair, positive
from .ties import Axes, Numbers
from .window import Pair, times

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class ConvTranspose2d(Layer):
    """The transpose of a convolution: each pixel is spread over a window (Zeiler et al. 2010).

    In groups its channels cannot change in number.

    Attributes:
        out_channels: How many channels it makes.
        kernel: Height and width of the window, or one number for both.
        stride: How far apart the windows of neighbouring pixels are.
        padding: Pixels that go on each side.
        output_padding: Rows and columns more at the end, fewer than the stride or the dilation.
        dilation: Spacing of the filter's taps.
        groups: Groups of channels apart.
        bias: Whether a bias is added.
    """

    keeps = "input"

    out_channels: int = 1
    kernel: int | Pair = (2, 2)
    stride: int | Pair = (2, 2)
    padding: int | Pair = (0, 0)
    output_padding: int | Pair = (0, 0)
    dilation: int | Pair = (1, 1)
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "padding", "output_padding", "dilation"):
            object.__setattr__(self, name, pair(getattr(self, name)))
        positive(self, out_channels=self.out_channels, kernel=self.kernel, stride=self.stride)
        positive(self, dilation=self.dilation, groups=self.groups)
        not_negative(self, padding=self.padding, output_padding=self.output_padding)
        room = [max(both) for both in zip(pair(self.stride), pair(self.dilation), strict=True)]
        if any(more >= most for more, most in zip(pair(self.output_padding), room, strict=True)):
            raise UserError(
                f"ConvTranspose2d output_padding: expected less than the stride {self.stride} or the "
                f"dilation {self.dilation}, got {self.output_padding}"
            )

    @property
    def flow(self) -> Flow:
        return "fresh"

    @property
    def sized(self) -> bool:
        return self.groups == 1

    def input_axis(self, tensor: str) -> int | None:
        return 0 if tensor == "weight" and self.groups == 1 else None

    def axes(self, tensor: str) -> Axes:
        return Axes(output=1, input=0) if tensor == "weight" else Axes(output=0)

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> ConvTranspose2d:
        return replace(self, out_channels=int(copies.sum()))

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels, *size = image(self, inputs[0])
        if channels % self.groups or self.out_channels % self.groups:
            raise ShapeError(
                f"ConvTranspose2d expected channels that {self.groups} groups divide, "
                f"got {channels} -> {self.out_channels}"
            )
        out = [
            (length - 1) * stride - 2 * gone + spacing * (taps - 1) + more + 1
            for length, stride, gone, spacing, taps, more in zip(
                size,
                pair(self.stride),
                pair(self.padding),
                pair(self.dilation),
                pair(self.kernel),
                pair(self.output_padding),
                strict=True,
            )
        ]
        if min(out) < 1:
            raise ShapeError(f"ConvTranspose2d expected a larger image than {tuple(size)}: nothing is left")
        return (self.out_channels, *out)

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        channels, filters = inputs[0][0], self.shape(inputs)[0]
        tensors: dict[str, Shape] = {"weight": (channels, filters // self.groups, *pair(self.kernel))}
        return tensors | ({"bias": (filters,)} if self.bias else {})

    def flops(self, inputs: Sequence[Shape]) -> int:
        return 2 * math.prod(inputs[0][1:]) * math.prod(self.parameters(inputs)["weight"])

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.ConvTranspose2d(
            inputs[0][0],
            self.out_channels,
            pair(self.kernel),
            stride=pair(self.stride),
            padding=pair(self.padding),
            output_padding=pair(self.output_padding),
            groups=self.groups,
            bias=self.bias,
            dilation=pair(self.dilation),
        )

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Normal with variance 2 / (inputs of one pixel of the output), as He et al. 2015."""
        from torch import nn

        weight: torch.Tensor = module.weight  # type: ignore[assignment]
        read = weight.shape[0] / self.groups * weight[0, 0].numel() / math.prod(pair(self.stride))
        nn.init.normal_(weight, std=(2 / max(read, 1)) ** 0.5, generator=generator)
        if self.bias:
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def label(self) -> str:
        words = f"transposed {times(pair(self.kernel))} → {self.out_channels}"
        return words if pair(self.stride) == (1, 1) else f"{words} stride {max(pair(self.stride))}"
