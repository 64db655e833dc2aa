"""Layers that are one where a model has two."""

from __future__ import annotations

from collections.abc import Set

import torch

from ...architecture import Architecture
from ...architecture.layers import AdaptiveAvgPool2d, Conv2d, Flatten, GlobalAvgPool

Weights = dict[str, torch.Tensor]


def join_pools(net: Architecture) -> None:
    """A mean in one cell whose every reader flattens it becomes a global mean."""
    for pool in list(net):
        if pool not in net or net.layer(pool) != AdaptiveAvgPool2d(1):
            continue
        flat = net.readers(pool)
        if flat and all(net.layer(name) == Flatten() for name in flat):
            net.replace(pool, GlobalAvgPool())
            for name in flat:
                bypass(net, name)


def join_constants(net: Architecture, weights: Weights, constants: Set[str]) -> None:
    """What scales and shifts twice, by constants, does it once: (image - mean) / std.

    Args:
        net: Changed in place.
        weights: Likewise.
        constants: The nodes that do nothing else.
    """
    for name in list(net):
        if name not in constants:
            continue
        (first,) = net.inputs(name)
        if first not in constants or net.readers(first) != (name,):
            continue
        weight = weights.pop(f"{first}.weight").double()
        bias = weights.pop(f"{first}.bias", torch.zeros(len(weight))).double()
        scale = weights[f"{name}.weight"].double()
        shift = weights.pop(f"{name}.bias", torch.zeros(len(weight))).double()
        kind = weights[f"{name}.weight"].dtype
        weights[f"{name}.weight"] = (scale * weight).to(kind)
        weights[f"{name}.bias"] = (scale.reshape(-1) * bias + shift).to(kind)
        net.replace(name, Conv2d(kernel=1, depthwise=True, bias=True))
        bypass(net, first)


def bypass(net: Architecture, name: str) -> None:
    """Removes a node; its readers get what it reads."""
    (source,) = net.inputs(name)
    for reader in net.readers(name):
        net.rewire(reader, *(source if read == name else read for read in net.inputs(reader)))
    if net.output == name:
        net.output = source
    net.remove(name)
