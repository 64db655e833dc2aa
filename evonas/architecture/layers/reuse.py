"""A layer that is called again: another node computes with the same tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from .base import Flow, Layer, Shape
from .ties import Axes, Channels, Numbers, Ties

if TYPE_CHECKING:
    from torch import fx

_SAME = ("arity", "commutative", "idempotent", "mixes", "keeps")
"""What is said of a kind of layer, and holds for each call of it."""


@dataclass(frozen=True)
class Reuse(Layer):
    """Computes what another node's layer computes, with that node's tensors: weights that are shared.

    It has no tensors of its own, so they are counted, trained and stored once, under the other node's name.
    Its computations count. Channels that the two read, and those that they make, change together.

    Attributes:
        of: The name of the node whose tensors it computes with, which is no `Reuse` itself.
        layer: That node's layer; `Architecture.replace` keeps it the same.
    """

    draws = False

    of: str
    layer: Layer

    def __post_init__(self) -> None:
        layer: Any = self.layer
        if not isinstance(self.of, str) or not self.of:
            raise UserError(f"Reuse of: expected a node's name, got {self.of!r:.60}")
        if isinstance(layer, Reuse) or (isinstance(layer, Mapping) and layer.get("kind") == "Reuse"):
            raise UserError("Reuse layer: expected the layer of a node with tensors of its own, got a Reuse")
        if not isinstance(layer, Layer):
            object.__setattr__(self, "layer", Layer.from_dict(layer))
        for name in _SAME:
            object.__setattr__(self, name, getattr(self.layer, name))

    @property
    def flow(self) -> Flow:
        return self.layer.flow

    @property
    def sized(self) -> bool:
        return self.layer.sized

    def input_axis(self, tensor: str) -> int | None:
        return self.layer.input_axis(tensor)

    def axes(self, tensor: str) -> Axes:
        return self.layer.axes(tensor)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        """As its layer; that they are tied to those of the other node is seen to by `ChannelClasses`."""
        return self.layer.tied(inputs, count, ties)

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> Reuse:
        return replace(self, layer=self.layer.resized(inputs, copies))

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.layer.shape(inputs)

    def flops(self, inputs: Sequence[Shape]) -> int:
        return self.layer.flops(inputs)

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        return self.layer.keeps_besides(inputs)

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        """A call of the other node's module."""
        return self.layer.emit(graph, self.of, values)

    def label(self) -> str:
        return f"{self.layer.label()} again"

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "of": self.of, "layer": self.layer.to_dict()}


def computed(layer: Layer) -> Layer:
    """What a node computes: its layer, or that which it calls again."""
    return layer.layer if isinstance(layer, Reuse) else layer
