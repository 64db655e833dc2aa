"""What a piece of a traced model becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import fx

from ...architecture.layers import Layer


class Value(NamedTuple):
    """A tensor that depends on the images.

    Attributes:
        node: Where it comes from in the traced graph.
        shape: Its shape, the batch included.
        dtype: Its precision.
        last: Whether the model has an image's channels last; the shape has them first all the same.
    """

    node: fx.Node
    shape: tuple[int, ...]
    dtype: torch.dtype
    last: bool = False


@dataclass(frozen=True)
class Part:
    """A layer with its tensors, or nothing: then its one input is passed on.

    Attributes:
        layer: The layer; None if the input is passed on.
        inputs: What it reads.
        tensors: Its tensors, by the layer's names for them.
        constant: Whether it does nothing but scale and shift by what the model's code multiplies and adds.
    """

    layer: Layer | None
    inputs: Sequence[Value]
    tensors: Mapping[str, torch.Tensor] = field(default_factory=dict)
    constant: bool = False


class NoLayerError(Exception):
    """No layer computes this; the message says why."""


def hint_of(name: str) -> str:
    """What helps where nothing computes a function or module of that name, in brackets; empty for most.

    >>> hint_of("log_softmax") == hint_of("LogSoftmax") != hint_of("cumsum") == ""
    True
    """
    return " (an architecture gives logits: leave it out)" if "softmax" in name.lower() else ""
