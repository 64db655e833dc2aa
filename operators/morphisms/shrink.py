"""Smaller networks, which compute nearly what their parent did (LEMONADE's approximate morphisms)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from ...architecture import Architecture
from ...architecture.layers import (
    ELU,
    GELU,
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    GroupNorm,
    Hardswish,
    LayerNorm2d,
    LeakyReLU,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    SiLU,
    Tanh,
)
from ...errors import UserError
from ...evolution import new_name
from .columns import Positions, carried, followed
from .surgery import (
    _Checked,
    check_alone,
    check_free,
    convolution,
    convolutions,
    drawn,
    hand_over,
    in_order,
    kept,
    layer_of,
    refusal,
    replace_node,
)

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

_NORMALISATIONS = (BatchNorm2d, GroupNorm, LayerNorm2d)
_ACTIVATIONS = (ELU, GELU, Hardswish, LeakyReLU, Mish, PReLU, ReLU, ReLU6, SiLU, Tanh)


@dataclass(frozen=True)
class RemoveLayer(_Checked):
    """Removes a layer: what read it reads what it read.

    With a convolution go the normalisation and the activation that alone read it, one after the other
    (Elsken et al. 2019, LEMONADE, Section 4.1).

    Attributes:
        node: The layer, or the convolution that begins the group; of one input, and the group's output has
            that input's shape.
    """

    preserving: ClassVar[bool] = False

    node: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any convolution with what belongs to it."""
        places = [cls(node) for node in convolutions(architecture)]
        return drawn(places, architecture, rng, "convolution that keeps its input's shape")

    def group(self, architecture: Architecture) -> list[str]:
        """The nodes that go, in their order."""
        nodes = [self.node]
        if not isinstance(layer_of(architecture, self.node), Conv2d):
            return nodes
        for kinds in (_NORMALISATIONS, _ACTIVATIONS):
            readers = architecture.readers(nodes[-1])
            if len(readers) == 1 and isinstance(architecture.layer(readers[0]), kinds):
                nodes.append(readers[0])
        return nodes

    def check(self, architecture: Architecture) -> None:
        layer = layer_of(architecture, self.node)
        if layer.arity != 1:
            raise refusal(self.node, f"expected a layer of one input, got {layer.kind}")
        for node in self.group(architecture):
            if architecture.reuses(node):
                check_alone(architecture, node)
        before = architecture.input_shapes(self.node)[0]
        after = architecture.shape(self.group(architecture)[-1])
        if before != after:
            raise refusal(self.node, f"it makes {after} of {before}, so nothing can take its place")

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child = architecture.copy()
        group, (source,) = self.group(architecture), architecture.inputs(self.node)
        hand_over(child, group[-1], source, architecture.readers(group[-1]))
        if child.output == group[-1]:
            child.output = source
        for node in reversed(group):
            child.remove(node)
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        return kept(self.rewrite(architecture), weights)

    def describe(self) -> str:
        return f"{self.node} removed"


@dataclass(frozen=True)
class RemoveSkip(_Checked):
    """Removes one input of a sum or a concatenation, and whatever served it alone.

    Behind a concatenation the filters lose the columns of the channels that go (Elsken et al. 2019,
    LEMONADE, Section 4.1).

    Attributes:
        node: The sum or the concatenation.
        source: The input; where it is read several times, the last time.
    """

    preserving: ClassVar[bool] = False

    node: str
    source: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any input of any sum or concatenation of several."""
        places = [
            cls(node, source)
            for node in in_order(architecture)
            if isinstance(architecture.layer(node), Add | Concat)
            for source in dict.fromkeys(architecture.inputs(node))
        ]
        return drawn(places, architecture, rng, "sum or concatenation")

    def check(self, architecture: Architecture) -> None:
        layer = layer_of(architecture, self.node)
        if not isinstance(layer, Add | Concat):
            raise refusal(self.node, f"expected a sum or a concatenation, got {layer.kind}")
        inputs = architecture.inputs(self.node)
        if self.source not in inputs:
            raise refusal(self.node, f"it does not read {self.source!r}")
        if len(inputs) < 2:
            raise refusal(self.node, f"{self.source!r} is all that it reads")
        if isinstance(layer, Concat):
            self._followed(architecture)
        self._without(architecture)

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        return self._without(architecture)

    def _without(self, architecture: Architecture) -> Architecture:
        child = architecture.copy()
        inputs, port = list(architecture.inputs(self.node)), self._port(architecture)
        child.rewire(self.node, *inputs[:port], *inputs[port + 1 :])
        try:
            child.prune()
        except UserError as error:  # what would go has tensors that others share
            raise refusal(self.node, str(error)) from error
        return child

    def _port(self, architecture: Architecture) -> int:
        inputs = architecture.inputs(self.node)
        return max(port for port, source in enumerate(inputs) if source == self.source)

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        child = self.rewrite(architecture)
        found = kept(child, weights)
        if isinstance(architecture.layer(self.node), Concat):
            found |= carried(child, self._followed(architecture), weights)
        return found

    def _followed(self, architecture: Architecture) -> dict[str, Positions]:
        """What becomes of the inputs behind the concatenation."""
        ends = np.cumsum([shape[0] for shape in architecture.input_shapes(self.node)])
        port = self._port(architecture)
        start = int(ends[port - 1]) if port else 0
        rest = np.concatenate([np.arange(start), np.arange(int(ends[port]), int(ends[-1]))])
        readers = architecture.readers(self.node)
        if not readers:
            raise refusal(self.node, "the output's channels cannot change")
        return followed(
            architecture,
            {
                (reader, place): rest
                for reader in readers
                for place, read in enumerate(architecture.inputs(reader))
                if read == self.node
            },
        )

    def describe(self) -> str:
        return f"{self.source} no longer read by {self.node}"


@dataclass(frozen=True)
class Separable(_Checked):
    """Replaces a convolution by a depthwise and a pointwise one (Elsken et al. 2019, LEMONADE).

    For each input channel its filters, one row for each output, are replaced by the nearest matrix of rank
    one (singular value decomposition): the depthwise filter is what they have in common, the pointwise
    weights say how much of it each output gets.

    Attributes:
        node: A dense convolution that is larger than the two; it goes.
        name: Of the new nodes: ``name.depthwise`` and ``name.pointwise``.
    """

    preserving: ClassVar[bool] = False

    node: str
    name: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any dense convolution that is larger than the two."""
        name = new_name(architecture, "separable", rng)
        places = [cls(node, name) for node in convolutions(architecture)]
        return drawn(places, architecture, rng, "dense convolution")

    def check(self, architecture: Architecture) -> None:
        layer = convolution(architecture, self.node)
        check_alone(architecture, self.node)
        if layer.depthwise or layer.groups > 1:
            raise refusal(self.node, "expected a dense convolution, got a depthwise or grouped one")
        filters, channels, height, width = layer.parameters(architecture.input_shapes(self.node))["weight"]
        before, after = filters * channels * height * width, channels * (height * width + filters)
        if after >= before:
            raise refusal(self.node, f"{before} weights would become {after}, which is no fewer")
        check_free(architecture, self.name, ("depthwise", "pointwise"))

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        layer = convolution(architecture, self.node)
        depthwise, pointwise = f"{self.name}.depthwise", f"{self.name}.pointwise"
        apart = replace(layer, out_channels=None, depthwise=True, bias=False)
        mixed = Conv2d(layer.out_channels, 1, bias=layer.bias)
        child = architecture.copy()
        replace_node(
            child,
            self.node,
            [(depthwise, apart, architecture.inputs(self.node)), (pointwise, mixed, (depthwise,))],
        )
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        import torch

        found = kept(self.rewrite(architecture), weights)
        source = weights[f"{self.node}.weight"]
        filters, channels, height, width = source.shape
        each = source.transpose(0, 1).reshape(channels, filters, height * width)
        left, size, right = torch.linalg.svd(each.float() if each.dtype.itemsize < 4 else each, False)
        root = size[:, :1].sqrt()
        common = (right[:, 0] * root).reshape(channels, 1, height, width)
        share = (left[:, :, 0] * root).T.reshape(filters, channels, 1, 1)
        found[f"{self.name}.depthwise.weight"] = common.to(source).contiguous()
        found[f"{self.name}.pointwise.weight"] = share.to(source).contiguous()
        if f"{self.node}.bias" in weights:
            found[f"{self.name}.pointwise.bias"] = weights[f"{self.node}.bias"].clone()
        return found

    def describe(self) -> str:
        return f"{self.node} as a depthwise and a pointwise convolution"
