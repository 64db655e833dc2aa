"""What layers leave as it is: zeros, the sign, and what is nowhere negative."""

from __future__ import annotations

from .architecture import Architecture
from .layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    CeilMaxPool2d,
    Concat,
    Dropout,
    Dropout2d,
    DropPath,
    Flatten,
    GlobalAvgPool,
    Layer,
    LeakyReLU,
    MaxPool2d,
    MinPool2d,
    Pad,
    PadChannels,
    PaddedAvgPool2d,
    PReLU,
    ReLU,
    ReLU6,
    Resize,
    Shift,
    TakeChannels,
    computed,
)

KEEP_SIGN = (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    CeilMaxPool2d,
    Concat,
    Dropout,
    Dropout2d,
    DropPath,
    Flatten,
    GlobalAvgPool,
    MaxPool2d,
    MinPool2d,
    Pad,
    PaddedAvgPool2d,
    PadChannels,
    PReLU,
    Resize,
    Shift,
    TakeChannels,
)
"""Kinds of layer that make nothing negative of what is not, and zeros of zeros."""


def never_negative(architecture: Architecture, node: str) -> bool:
    """Whether a node's output is a rectifier's, or made of such outputs by layers that keep the sign."""
    waiting, seen = [node], {node}
    while waiting:
        current = waiting.pop()
        layer = computed(architecture.layer(current))
        if isinstance(layer, ReLU | ReLU6) or (isinstance(layer, LeakyReLU) and layer.slope == 0):
            continue
        if not isinstance(layer, KEEP_SIGN):
            return False
        sources = set(architecture.inputs(current)) - seen
        seen |= sources
        waiting.extend(sources)
    return True


def leaves_alone(activation: Layer, architecture: Architecture, node: str) -> bool:
    """Whether an activation behind a node would change nothing.

    It does not where it is idempotent and the node is such an activation already, or where it is the identity
    on what is not negative and the node's output never is.
    """
    if activation.idempotent and activation == architecture.layer(node):
        return True
    return isinstance(computed(activation), ReLU | LeakyReLU | PReLU) and never_negative(architecture, node)
