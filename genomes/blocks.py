"""Layers that the cells of several papers share: separable convolutions, poolings, factorised reductions.

AmoebaNet's authors and those of DARTS, whose spaces both come from NASNet's, build them alike
(https://github.com/tensorflow/tpu, models/official/amoeba_net; https://github.com/quark0/darts, cnn).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ..architecture import Architecture
from ..architecture.layers import (
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Layer,
    MaxPool2d,
    MinPool2d,
    ReLU,
    Shift,
)

convolution = lru_cache(1024)(Conv2d)
"""A convolution. Layers never change, and a network has few that differ: its cells share them."""
NORM, RELU, CONCAT, SHIFT = BatchNorm2d(), ReLU(), Concat(), Shift()


class Builder:
    """Adds layers to an architecture; one ReLU serves all readers of a node."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture

    def add(self, name: str, layer: Layer, *inputs: str) -> str:
        """Adds a node."""
        return self.architecture.add(name, layer, *inputs)

    def relu(self, source: str) -> str:
        """The source's ReLU, added at first use."""
        name = f"{source}_relu"
        return name if name in self.architecture else self.add(name, RELU, source)

    def relu_conv_bn(self, name: str, source: str, *convolutions: Conv2d) -> str:
        """ReLU, one or more convolutions in a row, batch normalisation."""
        return self.conv_bn(name, self.relu(source), *convolutions)

    def conv_bn(self, name: str, source: str, *convolutions: Conv2d) -> str:
        """One or more convolutions in a row, batch normalisation."""
        for one in convolutions:
            kind = "depthwise" if one.depthwise else "conv"
            source = self.add(f"{name}.{kind}", one, source)
        return self.add(f"{name}.bn", NORM, source)


Operation = Callable[[Builder, str, str, int, int], str]
"""Adds the operation called (builder, name, source, filters, stride); returns its last node."""


def separable(kernel: int) -> Operation:
    """Twice: ReLU, depthwise convolution, 1×1 convolution, normalisation."""

    def operation(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
        for turn, step in ((1, stride), (2, 1)):
            depthwise = convolution(kernel=kernel, stride=step, depthwise=True)
            source = builder.relu_conv_bn(f"{name}.turn{turn}", source, depthwise, convolution(filters, 1))
        return source

    return operation


def dilated_separable(kernel: int) -> Operation:
    """ReLU, depthwise convolution of dilation 2, 1×1 convolution, normalisation; once."""

    def operation(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
        depthwise = convolution(kernel=kernel, stride=stride, dilation=2, depthwise=True)
        return builder.relu_conv_bn(name, source, depthwise, convolution(filters, 1))

    return operation


def pool(layer: type[MaxPool2d] | type[MinPool2d] | type[AvgPool2d], kernel: int) -> Operation:
    """A pooling window."""
    window = lru_cache(8)(layer)

    def operation(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
        return builder.add(name, window(kernel, stride), source)

    return operation


def factorised_reduction(builder: Builder, name: str, source: str, filters: int) -> str:
    """Halves the size: one 1×1 convolution reads every other pixel, another the pixels between."""
    first = builder.add(f"{name}.path1.conv", convolution(filters - filters // 2, 1, 2), source)
    if filters == 1:
        return builder.add(f"{name}.bn", NORM, first)
    shifted = builder.add(f"{name}.path2.shift", SHIFT, source)
    second = builder.add(f"{name}.path2.conv", convolution(filters // 2, 1, 2), shifted)
    joined = builder.add(f"{name}.join", CONCAT, first, second)
    return builder.add(f"{name}.bn", NORM, joined)
