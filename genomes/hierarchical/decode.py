"""From a genotype to the whole network (Liu et al. 2018, Section 4.1 and Figure 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ...architecture import Architecture
from ...architecture.layers import (
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    GlobalAvgPool,
    Input,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
)
from ...task import Task
from .space import HierarchicalSpace
from .wiring import CONCAT, INPUT, Wiring

OTHERS: dict[str, Layer] = {CONCAT: Concat(), "max3x3": MaxPool2d(3), "avg3x3": AvgPool2d(3)}
"""The steps of a cell that are no convolutions."""


def decode(cell: Wiring, space: HierarchicalSpace, task: Task) -> Architecture:
    """Stacks a cell: a convolution, then groups of N cells, each followed by a separable convolution.

    The separable convolution behind the last cell of a group has stride 2 and doubles the channels. Global
    average pooling and a linear layer follow. For large images there are two strided convolutions and a
    group of a single cell first (ImageNet, Section 4.1). Every convolution is followed by batch
    normalisation and ReLU.
    """
    space.check(task)
    net = Architecture()
    source = net.add("image", Input(task.input_shape))
    channels = space.filters
    if space.images(task) == "large":
        source = _convolution(net, "stem1", source, Conv2d(max(channels // 2, 1), 3, 2))
        source = _convolution(net, "stem2", source, Conv2d(channels, 3, 2))
    else:
        source = _convolution(net, "stem", source, Conv2d(channels, 3))
    for group, number, stride in stack(space, space.images(task)):
        source = _cell(net, f"group{group}.cell{number}", cell, source, channels)
        if stride:
            channels *= stride
            name = f"group{group}.sep{number}"
            source = _convolution(net, f"{name}.depthwise", source, _depthwise(stride))
            source = _convolution(net, f"{name}.pointwise", source, Conv2d(channels, 1))
    pooled = net.add("pool", GlobalAvgPool(), source)
    net.add("classifier", Linear(task.classes), pooled)
    return net


def stack(
    space: HierarchicalSpace, images: Literal["small", "large"]
) -> Iterator[tuple[int, int, Literal[0, 1, 2]]]:
    """The cells: group, number in the group, and the stride of the separable convolution behind each.

    It doubles the channels where it strides; 0 means that there is none.
    """
    groups = [(number, space.cells) for number in range(1, space.groups + 1)]
    if images == "large":
        groups.insert(0, (0, 1))
    after_last: dict[str, Literal[0, 1, 2]] = {"stride": 2, "plain": 1, "none": 0}
    for group, cells in groups:
        for number in range(1, cells):
            yield group, number, 1
        yield group, cells, after_last[space.ending] if group == space.groups else 2


def _cell(net: Architecture, name: str, cell: Wiring, source: str, channels: int) -> str:
    """One cell; returns the node that is its output."""
    outputs = {INPUT: source}
    for step in cell.steps:
        inputs = [outputs[one] for one in step.inputs]
        place = f"{name}.{step.name}"
        if step.operation in OTHERS:
            outputs[step.name] = net.add(place, OTHERS[step.operation], *inputs)
        elif step.operation == "depthwise3x3":
            outputs[step.name] = _convolution(net, place, inputs[0], _depthwise())
        else:
            outputs[step.name] = _convolution(net, place, inputs[0], Conv2d(step.filters * channels, 1))
    return outputs[cell.output]


def _depthwise(stride: int = 1) -> Conv2d:
    return Conv2d(kernel=3, stride=stride, depthwise=True)


def _convolution(net: Architecture, name: str, source: str, convolution: Conv2d) -> str:
    """Convolution, batch normalisation, ReLU."""
    source = net.add(f"{name}.conv", convolution, source)
    source = net.add(f"{name}.bn", BatchNorm2d(), source)
    return net.add(f"{name}.relu", ReLU(), source)
