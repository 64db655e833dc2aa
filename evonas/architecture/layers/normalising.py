"""Normalisation beside that of images by batch: of vectors by batch, and of each example by itself.

What takes statistics over several channels ties them: copied alike, all as often, they leave mean and
variance as they are. A fresh channel among them would change both, so none can enter (`Ties.mix`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import UserError
from .base import Layer, Shape, ShapeError, image, positive
from .pointwise import _BatchNorm
from .ties import Axes, Channels, Ties

if TYPE_CHECKING:
    import torch
    from torch import fx, nn


@dataclass(frozen=True)
class BatchNorm1d(_BatchNorm):
    """Batch normalisation of a vector (Ioffe and Szegedy 2015).

    Attributes:
        epsilon: Added to the variance.
        momentum: Weight of the newest batch in the running statistics.
    """

    def _channels(self, shape: Shape) -> int:
        return _features(self, shape)

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        norm = nn.BatchNorm1d(inputs[0][0], eps=self.epsilon, momentum=self.momentum)
        norm.num_batches_tracked = None
        return norm


@dataclass(frozen=True)
class _ExampleNorm(Layer):
    """A normalisation of each example by itself, with a learnt scale and shift for each channel."""

    mixes = True
    draws = False
    keeps = "input"

    def check_epsilon(self, epsilon: float) -> None:
        """Checks what is added to the variance.

        Raises:
            UserError: It is not above 0.
        """
        if not isinstance(epsilon, int | float) or not epsilon > 0:
            raise UserError(f"{self.kind} epsilon: expected above 0, got {epsilon!r}")

    def input_axis(self, tensor: str) -> int | None:
        return 0

    def axes(self, tensor: str) -> Axes:
        return Axes(output=0)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        """All as one: copied alike, they have the same mean and variance."""
        ties.tie_all(inputs[0])
        ties.mix(inputs[0], f"the statistics of a {self.kind}, which channels of their own would change")
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        channels = self.shape(inputs)[0]
        return {"weight": (channels,), "bias": (channels,)}

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Scale 1, shift 0."""
        for name, value in (("weight", 1.0), ("bias", 0.0)):
            getattr(module, name).fill_(value)


@dataclass(frozen=True)
class GroupNorm(_ExampleNorm):
    """Normalisation over the pixels of each group of neighbouring channels (Wu and He 2018).

    Attributes:
        groups: How many; they divide the channels.
        epsilon: Added to the variance.
    """

    groups: int = 1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        positive(self, groups=self.groups)
        self.check_epsilon(self.epsilon)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        channels = image(self, inputs[0])[0]
        if channels % self.groups:
            raise ShapeError(f"GroupNorm expected channels that {self.groups} groups divide, got {channels}")
        return inputs[0]

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.GroupNorm(self.groups, inputs[0][0], eps=self.epsilon)

    def label(self) -> str:
        return f"group norm {self.groups}"


@dataclass(frozen=True)
class LayerNorm(_ExampleNorm):
    """Normalisation of a vector (Ba et al. 2016).

    Attributes:
        epsilon: Added to the variance.
    """

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        self.check_epsilon(self.epsilon)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return (_features(self, inputs[0]),)

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        from torch import nn

        return nn.LayerNorm(inputs[0][0], eps=self.epsilon)

    def label(self) -> str:
        return "layer norm"


@dataclass(frozen=True)
class LayerNorm2d(_ExampleNorm):
    """Normalisation over the channels of each pixel (ConvNeXt's; Liu et al. 2022).

    Attributes:
        epsilon: Added to the variance.
    """

    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        self.check_epsilon(self.epsilon)

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return image(self, inputs[0])

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        """Reads images whose channels are last: `emit` puts them there and back."""
        from torch import nn

        return nn.LayerNorm(inputs[0][0], eps=self.epsilon)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        last = graph.call_function(torch.permute, (values[0], (0, 2, 3, 1)))
        back = (graph.call_module(name, (last,)), (0, 3, 1, 2))
        return graph.create_node("call_function", torch.permute, back, name=name.replace(".", "_"))

    def label(self) -> str:
        return "layer norm"


def _features(layer: Layer, shape: Shape) -> int:
    if len(shape) != 1:
        raise ShapeError(f"{layer.kind} expected (features,), got {shape}")
    return shape[0]
