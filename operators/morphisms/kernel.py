"""Larger filters, and filters with other spacing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta

from ...architecture import Architecture
from ...architecture.layers import Conv2d
from ...files import AtLeastOne
from .surgery import _Checked, convolution, convolutions, drawn, refusal

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

Pair = tuple[int, int]

_Sizes = Annotated[
    AtLeastOne | tuple[AtLeastOne, AtLeastOne],
    Meta(description="a whole number of at least 1, or a pair"),
]

LARGEST = 7
"""The largest side of filters that a drawn morphism makes."""


@dataclass(frozen=True)
class _Reshaped(_Checked):
    """A convolution whose filters' taps move to other places among new ones of zero.

    Nodes that compute with the same filters follow.
    """

    node: str

    def changed(self, architecture: Architecture) -> Conv2d:
        """The new layer.

        Raises:
            NotApplicable: There is none.
        """
        raise NotImplementedError

    def places(self, old: Conv2d, new: Conv2d) -> tuple[slice, slice]:
        """Where the old taps are among the new ones."""
        raise NotImplementedError

    def check(self, architecture: Architecture) -> None:
        old, new = convolution(architecture, self.node), self.changed(architecture)
        users = (self.node, *architecture.reuses(self.node))
        size, *others = (architecture.input_shapes(user)[0][1:] for user in users)
        for axis, taps in enumerate(self.places(old, new)):
            kept = set(range(_of(new.kernel)[axis])[taps])
            alive = set().union(*(_alive(new, axis, one[axis]) for one in (size, *others)))
            if dead := sorted(set(range(_of(new.kernel)[axis])) - kept - alive):
                raise refusal(
                    self.node,
                    f"on an image of {size[0]}×{size[1]}, new weights (tap {dead[0]} of axis {axis}) would "
                    "meet nothing but padding",
                )

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child = architecture.copy()
        child.replace(self.node, self.changed(architecture))
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        self.check(architecture)
        old, new = convolution(architecture, self.node), self.changed(architecture)
        name = f"{self.node}.weight"
        source = weights[name]
        larger = source.new_zeros((*source.shape[:2], *_of(new.kernel)))
        rows, columns = self.places(old, new)
        larger[:, :, rows, columns] = source
        return {**weights, name: larger}


@dataclass(frozen=True)
class EnlargeKernel(_Reshaped):
    """Gives a convolution larger filters, zero around the old ones (Wei et al. 2016; Cai et al. 2018).

    Dense, grouped or depthwise; stride and dilation stay, and the padding grows with the filters.

    Attributes:
        node: The convolution.
        kernel: Height and width of the new filters, or one number for both: larger by an even number, or the
            same, along each axis.
    """

    node: str
    kernel: _Sizes

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any convolution, larger by 2 along both axes, up to `LARGEST`."""
        sizes = {node: _of(convolution(architecture, node).kernel) for node in convolutions(architecture)}
        places = [
            cls(node, (height + 2, width + 2))
            for node, (height, width) in sizes.items()
            if max(height, width) + 2 <= LARGEST
        ]
        return drawn(places, architecture, rng, "convolution with small filters")

    def changed(self, architecture: Architecture) -> Conv2d:
        layer = convolution(architecture, self.node)
        old, new = _of(layer.kernel), _of(self.kernel)
        grown = [n - k for n, k in zip(new, old, strict=True)]
        if min(grown) < 0 or max(grown) == 0 or any(by % 2 for by in grown):
            raise refusal(self.node, f"expected a kernel larger than {old} by an even number, got {new}")
        dilation, pads = _of(layer.dilation), layer.pads
        more = [d * by // 2 for d, by in zip(dilation, grown, strict=True)]
        padding = None if layer.padding is None else (pads[0] + more[0], pads[1] + more[1])
        return replace(layer, kernel=new, padding=padding)

    def places(self, old: Conv2d, new: Conv2d) -> tuple[slice, slice]:
        rows, columns = (
            slice((n - k) // 2, (n + k) // 2) for n, k in zip(_of(new.kernel), _of(old.kernel), strict=True)
        )
        return rows, columns

    def describe(self) -> str:
        height, width = _of(self.kernel)
        return f"filters of {height}×{width} in {self.node}"


@dataclass(frozen=True)
class Dilate(_Reshaped):
    """Spaces the taps of a convolution's filters.

    Exact only along an axis with a single tap, where it changes nothing by itself: larger filters
    (`EnlargeKernel`) then get their taps at that distance.

    Attributes:
        node: The convolution.
        dilation: The new spacing along both axes, or of each.
    """

    node: str
    dilation: _Sizes

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any 1×1 convolution with taps at distance 1, to distance 2."""
        places = [
            cls(node, 2)
            for node in convolutions(architecture)
            if (layer := convolution(architecture, node)).kernel == layer.dilation == (1, 1)
        ]
        return drawn(places, architecture, rng, "1×1 convolution")

    def changed(self, architecture: Architecture) -> Conv2d:
        layer = convolution(architecture, self.node)
        kernel, old, new = _of(layer.kernel), _of(layer.dilation), _of(self.dilation)
        if new == old:
            raise refusal(self.node, f"its dilation is {new} already")
        for axis in (0, 1):
            if kernel[axis] > 1 and new[axis] != old[axis]:
                raise refusal(
                    self.node,
                    f"its filters of {kernel[0]}×{kernel[1]} have several taps, which a dilation would move; "
                    "Undilate turns a dilation into larger filters",
                )
        return replace(layer, dilation=new)

    def places(self, old: Conv2d, new: Conv2d) -> tuple[slice, slice]:
        return slice(None), slice(None)

    def describe(self) -> str:
        return f"dilation {max(_of(self.dilation))} in {self.node}"


@dataclass(frozen=True)
class Undilate(_Reshaped):
    """Turns dilated filters of k taps at distance d into dense ones of (k − 1) d + 1 taps, zero between.

    Attributes:
        node: The convolution.
    """

    node: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any dilated convolution."""
        places = [cls(node) for node in convolutions(architecture)]
        return drawn(places, architecture, rng, "dilated convolution")

    def changed(self, architecture: Architecture) -> Conv2d:
        layer = convolution(architecture, self.node)
        kernel, dilation = _of(layer.kernel), _of(layer.dilation)
        if dilation == (1, 1):
            raise refusal(self.node, "its filters are not dilated")
        height, width = ((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
        padding = None if layer.padding is None else layer.pads
        return replace(layer, kernel=(height, width), dilation=(1, 1), padding=padding)

    def places(self, old: Conv2d, new: Conv2d) -> tuple[slice, slice]:
        rows, columns = (slice(None, None, d) for d in _of(old.dilation))
        return rows, columns

    def describe(self) -> str:
        return f"dense filters in {self.node} instead of dilated ones"


def _alive(layer: Conv2d, axis: int, size: int) -> set[int]:
    """The taps along an axis that meet a pixel of the image at some place."""
    kernel, stride, dilation = (_of(n)[axis] for n in (layer.kernel, layer.stride, layer.dilation))
    padding = layer.pads[axis]
    outputs = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    return {
        tap
        for tap in range(kernel)
        if any(0 <= place * stride - padding + tap * dilation < size for place in range(outputs))
    }


def _of(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value
