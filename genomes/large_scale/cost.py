"""What the network of a DNA would cost, by arithmetic alone: mutations ask before they change anything."""

from __future__ import annotations

from dataclasses import dataclass

from ...task import Task
from .dna import Dna
from .parts import Activation, Convolution, Edge

Image = tuple[int, int, int]
"""Channels, height and width."""
MANY = 1e9
"""A growth of channels above any cap."""


@dataclass(slots=True)
class Cost:
    """The size of a network, as its architecture would count it.

    Attributes:
        depth: Vertices between the input and the output.
        channels: The most of any vertex.
        filter: Side of the largest filter, in pixels.
        stride: The largest.
        thinnest: The least number of channels that a convolution's factor gives, before it is rounded.
        parameters: Trained numbers.
        flops: Floating-point operations for one image.
        activations: Numbers that all layers put out for one image, the image itself included.
    """

    depth: int = 0
    channels: int = 0
    filter: int = 1
    stride: int = 1
    thinnest: float = 1.0
    parameters: int = 0
    flops: int = 0
    activations: int = 0


def bound(dna: Dna, task: Task) -> Cost:
    """What the cost of a DNA's network cannot pass, at less than half the time that measuring takes.

    It asks which edges and vertices there are, not how they are joined, as if nothing shrank an image and
    every convolution read what all the others have widened. Of n convolutions each gives at most f · c + ½
    channels for c, so no vertex has more than (c₀ + n / 2) · Π max(f, 1). `thinnest` is a bound from below: a
    convolution reads one channel at least.
    """
    colours, height, width = task.input_shape
    convolutions, taps, filter_, stride, growth, thinnest = 0, 0, 1, 1, 1.0, 1.0
    for edge in dna.edges.values():
        found = edge.convolution
        if found is not None:
            high, wide = found.kernel
            factor = found.depth_factor
            convolutions += 1
            taps += high * wide
            if high > filter_ or wide > filter_:
                filter_ = max(high, wide)
            if found.stride > stride:
                stride = found.stride
            if factor < thinnest:
                thinnest = factor
            if factor > 1:
                growth = min(growth * factor, MANY)
    channels = int((colours + convolutions / 2) * growth) + 1
    vertices, pixels = len(dna.vertices), height * width
    surplus = len(dna.edges) - vertices + 1  # edges that meet others: two ends and one sum for each
    return Cost(
        depth=vertices - 2,
        channels=channels,
        filter=filter_,
        stride=stride,
        thinnest=thinnest,
        parameters=channels**2 * taps + 2 * channels * vertices + (channels + 1) * task.classes,
        flops=2 * channels**2 * taps * pixels + 2 * channels * task.classes,
        activations=channels * pixels * (1 + convolutions + 2 * vertices + 7 * surplus)
        + channels
        + task.classes,
    )


def measure(dna: Dna, task: Task) -> Cost:
    """The cost of a DNA's network for a task."""
    cost = Cost(depth=len(dna.vertices) - 2)
    shapes: dict[str, Image] = {}
    incoming = dna.incoming()
    shape: Image = task.input_shape
    cost.activations += shape[0] * shape[1] * shape[2]
    rectified = Activation.BN_RELU
    for vertex in dna.order():
        edges = incoming[vertex]
        if len(edges) == 1:
            edge = edges[0][1]
            shape = shapes[edge.source]
            if edge.convolution is not None:
                shape = _convolved(edge.convolution, shape, cost)
        elif edges:
            shape = _sum(edges, shapes, cost)
        shapes[vertex] = shape
        channels, height, width = shape
        if channels > cost.channels:
            cost.channels = channels
        if dna.vertices[vertex] is rectified:
            cost.parameters += 2 * channels
            cost.activations += 2 * channels * height * width
    cost.parameters += (shape[0] + 1) * task.classes
    cost.flops += 2 * shape[0] * task.classes
    cost.activations += shape[0] + task.classes  # pooling and classifier
    return cost


def _convolved(convolution: Convolution, shape: Image, cost: Cost) -> Image:
    """What a convolution makes of an image; adds it."""
    inputs, height, width = shape
    (high, wide), stride = convolution.kernel, convolution.stride
    channels = convolution.channels(inputs)
    height, width = (height - 1) // stride + 1, (width - 1) // stride + 1
    weights = channels * inputs * high * wide
    if high > cost.filter or wide > cost.filter:
        cost.filter = max(high, wide)
    if stride > cost.stride:
        cost.stride = stride
    thinness = convolution.depth_factor * inputs
    if thinness < cost.thinnest:
        cost.thinnest = thinness
    cost.parameters += weights
    cost.flops += 2 * weights * height * width
    cost.activations += channels * height * width
    return channels, height, width


def _sum(edges: list[tuple[str, Edge]], shapes: dict[str, Image], cost: Cost) -> Image:
    """The shape of a sum; adds it, and what reconciles its parts (in the order of `decode`)."""
    ends = []
    for _, edge in edges:
        shape = shapes[edge.source]
        ends.append(shape if edge.convolution is None else _convolved(edge.convolution, shape, cost))
    full = ends[0][0]
    _, height, width = ends[scale_primary(edges)]
    for channels, high, wide in ends:
        if channels > full:
            channels = full
            cost.activations += channels * high * wide
        if (high, wide) != (height, width):
            cost.activations += channels * height * width
        if channels < full:
            cost.activations += full * height * width
    cost.activations += full * height * width
    return full, height, width


def scale_primary(edges: list[tuple[str, Edge]]) -> int:
    """The position of the edge that decides the size."""
    return max(range(len(edges)), key=lambda position: edges[position][1].scale_precedence)
