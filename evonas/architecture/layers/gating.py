"""Products of two inputs: a gate that weighs what passes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Flow, Layer, Shape, ShapeError

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class Multiply(Layer):
    """The product of two inputs with the same channels, of which one may have a single pixel.

    Squeeze-excite (Hu et al. 2018): the one is an image, the other ``(channels, 1, 1)``, a gate for each
    channel. Channels are tied as in a sum: the product's come one by one from both inputs.
    """

    arity = 2
    commutative = True
    keeps = "input"

    @property
    def flow(self) -> Flow:
        return "summed"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        first, second = inputs
        if first == second or (len(first) == 3 and second == (first[0], 1, 1)):
            return first
        if len(second) == 3 and first == (second[0], 1, 1):
            return second
        raise ShapeError(
            f"Multiply expected inputs of one shape, or an image and (channels, 1, 1), got {first}, {second}"
        )

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        return graph.call_function(operator.mul, (values[0], values[1]))

    def label(self) -> str:
        return "×"


@dataclass(frozen=True)
class Pixel(Layer):
    """A vector as an image of one pixel, with a channel for each feature: what `Multiply` can spread."""

    keeps = "view"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        if len(inputs[0]) != 1:
            raise ShapeError(f"Pixel expected (features,), got {inputs[0]}")
        return (inputs[0][0], 1, 1)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        row = graph.call_function(torch.unsqueeze, (values[0], -1))
        return graph.create_node("call_function", torch.unsqueeze, (row, -1), name=name.replace(".", "_"))

    def label(self) -> str:
        return "pixel"
