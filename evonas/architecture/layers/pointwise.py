"""Layers that leave the shape as it is: input, normalisation, activation, dropout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...errors import UserError
from .base import Flow, Keeps, Layer, Shape, image
from .ties import Channels, Ties

if TYPE_CHECKING:
    import torch
    from torch import fx, nn


@dataclass(frozen=True)
class Input(Layer):
    """Where images enter: normalised, ``(channels, height, width)`` each."""

    keeps = "neither"

    size: Shape = ()

    arity = 0

    @property
    def flow(self) -> Flow:
        return "fresh"

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        made = ties.fresh(count)
        ties.freeze(made, "the image's channels")
        return made

    def __post_init__(self) -> None:
        if not self.size or any(not isinstance(n, int) or n < 1 for n in self.size):
            raise UserError(f"Input size: expected whole numbers of at least 1, got {self.size!r}")

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.size

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        # The argument is always called `image`: a node may have a name that no argument can, such as `self`.
        return graph.create_node("placeholder", "image", name=name.replace(".", "_"))

    def label(self) -> str:
        return "input"


@dataclass(frozen=True)
class _BatchNorm(Layer):
    """Batch normalisation with a learnt scale and shift."""

    keeps: ClassVar[Keeps] = "input"
    draws = False

    epsilon: float = 1e-5
    momentum: float = 0.1

    def __post_init__(self) -> None:
        if not self.epsilon > 0:
            raise UserError(f"{self.kind} epsilon: expected above 0, got {self.epsilon}")
        if not 0 <= self.momentum <= 1:
            raise UserError(f"{self.kind} momentum: expected 0 to 1, got {self.momentum}")

    def _channels(self, shape: Shape) -> int:
        raise NotImplementedError

    def input_axis(self, tensor: str) -> int | None:
        return 0

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        channels = self._channels(inputs[0])
        return {"weight": (channels,), "bias": (channels,)}

    def buffers(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        channels = self._channels(inputs[0])
        return {"running_mean": (channels,), "running_var": (channels,)}

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        self._channels(inputs[0])
        return inputs[0]

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Scale 1, shift 0, statistics of a standard normal."""
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            getattr(module, name).fill_(value)

    def label(self) -> str:
        return "BN"


@dataclass(frozen=True)
class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images with a learnt scale and shift (Ioffe and Szegedy 2015).

    Attributes:
        epsilon: Added to the variance.
        momentum: Weight of the newest batch in the running statistics.
    """

    def _channels(self, shape: Shape) -> int:
        return image(self, shape)[0]

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        norm = nn.BatchNorm2d(inputs[0][0], eps=self.epsilon, momentum=self.momentum)
        # The counter serves averaging without a momentum; without it each step saves one operation.
        norm.num_batches_tracked = None
        return norm


@dataclass(frozen=True)
class ReLU(Layer):
    """max(x, 0)."""

    idempotent = True
    keeps = "output"

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        return graph.create_node("call_function", torch.relu, (values[0],), name=name.replace(".", "_"))


@dataclass(frozen=True)
class Dropout(Layer):
    """Zeroes activations at random while training.

    Attributes:
        probability: That an activation is zeroed, in [0, 1).
    """

    keeps = "neither"
    draws = False

    probability: float = 0.5

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return math.prod(inputs[0]), 0  # which were zeroed

    def __post_init__(self) -> None:
        if not 0 <= self.probability < 1:
            raise UserError(f"Dropout probability: expected at least 0 and below 1, got {self.probability}")

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.Dropout(self.probability)

    def label(self) -> str:
        return f"dropout {self.probability:g}"
