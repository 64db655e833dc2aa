"""The classifier's layers: flattening and the linear map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .base import Flow, Layer, Shape, ShapeError, positive
from .ties import Axes, Numbers

if TYPE_CHECKING:
    import torch
    from torch import fx, nn


@dataclass(frozen=True)
class Flatten(Layer):
    """An image as a vector, channel by channel."""

    keeps = "neither"  # of channels-last images it makes a copy

    @property
    def flow(self) -> Flow:
        return "spread"

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return (math.prod(inputs[0]),)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        return graph.create_node("call_function", torch.flatten, (values[0], 1), name=name.replace(".", "_"))


@dataclass(frozen=True)
class Linear(Layer):
    """A linear map of a vector.

    Attributes:
        out_features: Length of the output.
        bias: Whether a bias is added.
    """

    keeps = "input"

    out_features: int = 10
    bias: bool = True

    @property
    def flow(self) -> Flow:
        return "fresh"

    def input_axis(self, tensor: str) -> int | None:
        return 1 if tensor == "weight" else None

    @property
    def sized(self) -> bool:
        return True

    def axes(self, tensor: str) -> Axes:
        return Axes(0, 1 if tensor == "weight" else None)

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> Linear:
        return replace(self, out_features=int(copies.sum()))

    def __post_init__(self) -> None:
        positive(self, out_features=self.out_features)

    def _features(self, inputs: Sequence[Shape]) -> int:
        if len(inputs[0]) != 1:
            raise ShapeError(f"Linear expected (features,), got {inputs[0]}")
        return inputs[0][0]

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        self._features(inputs)
        return (self.out_features,)

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        tensors: dict[str, Shape] = {"weight": (self.out_features, self._features(inputs))}
        if self.bias:
            tensors["bias"] = (self.out_features,)
        return tensors

    def flops(self, inputs: Sequence[Shape]) -> int:
        return 2 * self._features(inputs) * self.out_features

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.Linear(self._features(inputs), self.out_features, bias=self.bias)

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Normal with standard deviation 1 / sqrt(inputs): logits start of order one."""
        from torch import nn

        weight: torch.Tensor = module.weight  # type: ignore[assignment]
        nn.init.normal_(weight, std=weight.shape[1] ** -0.5, generator=generator)
        if self.bias:
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def label(self) -> str:
        return f"linear → {self.out_features}"
