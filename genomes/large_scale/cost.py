"""What the network of a DNA would cost, by arithmetic alone: mutations ask before they change anything."""

from __future__ import annotations

from dataclasses import dataclass

from ...task import Task
from .dna import Dna
from .parts import Activation, Edge

Image = tuple[int, int, int]
"""Channels, height and width."""


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


def measure(dna: Dna, task: Task) -> Cost:
    """The cost of a DNA's network for a task."""
    cost = Cost(depth=len(dna.vertices) - 2)
    shapes: dict[str, Image] = {}
    incoming = dna.incoming()
    shape: Image = task.input_shape
    cost.activations += shape[0] * shape[1] * shape[2]
    for vertex in dna.order():
        edges = incoming[vertex]
        if edges:
            ends = [_end(edge, shapes[edge.source], cost) for _, edge in edges]
            shape = ends[0] if len(ends) == 1 else _sum(edges, ends, cost)
        channels, height, width = shapes[vertex] = shape
        cost.channels = max(cost.channels, channels)
        if dna.vertices[vertex] is Activation.BN_RELU:
            cost.parameters += 2 * channels
            cost.activations += 2 * channels * height * width
    cost.parameters += (shape[0] + 1) * task.classes
    cost.flops += 2 * shape[0] * task.classes
    cost.activations += shape[0] + task.classes  # pooling and classifier
    return cost


def _end(edge: Edge, shape: Image, cost: Cost) -> Image:
    """What arrives at the end of an edge; adds its convolution."""
    convolution = edge.convolution
    if convolution is None:
        return shape
    inputs, height, width = shape
    (high, wide), stride = convolution.kernel, convolution.stride
    channels = convolution.channels(inputs)
    height, width = (height - 1) // stride + 1, (width - 1) // stride + 1
    weights = channels * inputs * high * wide
    cost.filter = max(cost.filter, high, wide)
    cost.stride = max(cost.stride, stride)
    cost.thinnest = min(cost.thinnest, convolution.depth_factor * inputs)
    cost.parameters += weights
    cost.flops += 2 * weights * height * width
    cost.activations += channels * height * width
    return channels, height, width


def _sum(edges: list[tuple[str, Edge]], ends: list[Image], cost: Cost) -> Image:
    """The shape of a sum; adds it, and what reconciles its parts (in the order of `decode`)."""
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
