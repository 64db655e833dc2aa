"""Zeros: what a cell gives out when nothing of its input reaches its output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...architecture.layers import Layer

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class Zeros(Layer):
    """Zeros of its input's shape. What follows can still learn how frequent the classes are."""

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        import torch

        return graph.create_node("call_function", torch.zeros_like, (values[0],), name=name.replace(".", "_"))

    def label(self) -> str:
        return "0"
