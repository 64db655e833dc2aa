"""Layers that join several inputs."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from .base import Flow, Layer, Shape, ShapeError

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class Add(Layer):
    """The sum of inputs of one shape."""

    arity = None
    commutative = True
    keeps = "neither"

    @property
    def flow(self) -> Flow:
        return "summed"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        for shape in inputs[1:]:
            if shape != inputs[0]:
                raise ShapeError(f"Add expected inputs of one shape, got {', '.join(map(str, inputs))}")
        return inputs[0]

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        return reduce(lambda a, b: graph.call_function(operator.add, (a, b)), values)

    def label(self) -> str:
        return "+"


@dataclass(frozen=True)
class Concat(Layer):
    """The inputs' channels, one input after the other."""

    arity = None
    keeps = "neither"

    @property
    def flow(self) -> Flow:
        return "joined"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        for shape in inputs[1:]:
            if shape[1:] != inputs[0][1:]:
                raise ShapeError(f"Concat expected inputs of one size, got {', '.join(map(str, inputs))}")
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        if len(values) == 1:
            return values[0]
        return graph.create_node("call_function", torch.cat, (values, 1), name=name.replace(".", "_"))

    def label(self) -> str:
        return "concat"
