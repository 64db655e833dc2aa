"""Padding as part of the window that reads it, and what evonas writes as several calls as one layer.

PyTorch pads both ends of an axis alike, so uneven windows are written as a pad and a window, and a minimum as
a maximum between two changes of sign (`evonas.architecture.layers.pooling`). Here they become layers again.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

import torch

from ...architecture import Architecture
from ...architecture.layers import (
    AvgPool2d,
    ConstantPad,
    Conv2d,
    Layer,
    MaxPool2d,
    MinPool2d,
    Pad,
    PaddedAvgPool2d,
    pair,
    same_padding,
)
from .edges import LOWEST
from .joining import bypass

Weights = dict[str, torch.Tensor]
Sides = tuple[int, int, int, int]


def fold(net: Architecture, weights: Weights, constants: Set[str]) -> None:
    """Folds pads into what reads them, crops into uneven means, changes of sign into minima.

    Args:
        net: Changed in place.
        weights: Likewise.
        constants: The nodes that scale and shift by constants, and do nothing else.
    """
    for name in list(net):
        layer = net.layer(name)
        if isinstance(layer, Pad | ConstantPad):
            _fold_pad(net, name, layer)
    for name in list(net):
        if name in net and isinstance(net.layer(name), AvgPool2d):
            _fold_crop(net, name)
        elif name in net and isinstance(net.layer(name), MaxPool2d):
            _fold_signs(net, weights, constants, name)


def _fold_pad(net: Architecture, name: str, pad: Pad | ConstantPad) -> None:
    """Readers that can pad by themselves read what the pad reads; without readers it goes."""
    (source,) = net.inputs(name)
    for reader in net.readers(name):
        padded = _padded(net.layer(reader), pad)
        if padded is not None and not net.reuses(reader):  # other calls need not be padded
            net.replace(reader, padded)
            net.rewire(reader, source)
    if not net.readers(name) and net.output != name:
        net.remove(name)


def _padded(layer: Layer, pad: Pad | ConstantPad) -> Layer | None:
    """A layer that does what a pad and it do; None if there is none."""
    left, right, top, bottom = pad.sides
    if min(pad.sides) < 0:
        return None
    if isinstance(layer, Conv2d) and isinstance(pad, Pad) and (left, top) == (right, bottom):
        pads = (layer.pads[0] + top, layer.pads[1] + left)
        before, after = same_padding(pair(layer.kernel), pair(layer.dilation))
        return replace(layer, padding=None if before == after == pads else pads)
    counts = isinstance(layer, PaddedAvgPool2d) or (isinstance(layer, AvgPool2d) and _unpadded(layer))
    if counts and isinstance(layer, AvgPool2d | PaddedAvgPool2d) and isinstance(pad, Pad):
        return _window(PaddedAvgPool2d, layer, pad.sides)
    highest = isinstance(pad, ConstantPad) and pad.value <= LOWEST
    if isinstance(layer, MaxPool2d) and _unpadded(layer) and highest:
        return _window(MaxPool2d, layer, pad.sides)
    return None


def _unpadded(layer: AvgPool2d | PaddedAvgPool2d | MaxPool2d) -> bool:
    return layer.pads == ((0, 0), (0, 0))


def _window(
    kind: type[PaddedAvgPool2d | MaxPool2d], layer: AvgPool2d | PaddedAvgPool2d | MaxPool2d, sides: Sides
) -> Layer | None:
    """A pooling with a pad's sides as its own; None if it cannot have them."""
    left, right, top, bottom = sides
    kernel = pair(layer.kernel)
    before, after = layer.pads
    wanted = ((before[0] + top, before[1] + left), (after[0] + bottom, after[1] + right))
    if wanted == same_padding(kernel):
        return kind(kernel, layer.stride)
    if wanted[0] != wanted[1] or any(2 * pads > side for pads, side in zip(wanted[0], kernel, strict=True)):
        return None
    return kind(kernel, layer.stride, wanted[0])


def _fold_crop(net: Architecture, name: str) -> None:
    """Means of an even window: at stride 1 with a row too many, which is cropped, and then thinned."""
    pool = net.layer(name)
    crop = _only_reader(net, name, Pad)
    if not isinstance(pool, AvgPool2d) or crop is None:
        return
    before, after = same_padding(pair(pool.kernel))
    sides = (before[1] - after[1], 0, before[0] - after[0], 0)
    if before == after or pool != AvgPool2d(pool.kernel, 1, after) or net.layer(crop) != Pad(sides):
        return
    last, stride = crop, (1, 1)
    thinned = _only_reader(net, crop, AvgPool2d)
    if thinned is not None:
        thin = net.layer(thinned)
        if isinstance(thin, AvgPool2d) and thin.kernel == (1, 1) and _unpadded(thin):
            last, stride = thinned, pair(thin.stride)
    if last == thinned:
        bypass(net, crop)
    bypass(net, name)
    net.replace(last, AvgPool2d(pool.kernel, stride))


def _fold_signs(net: Architecture, weights: Weights, constants: Set[str], name: str) -> None:
    """A maximum of what was negated, negated."""
    (first,), pool = net.inputs(name), net.layer(name)
    last = _only_reader(net, name, Conv2d)
    if not isinstance(pool, MaxPool2d) or last is None or net.readers(first) != (name,):
        return
    for node in (first, last):
        turned = node in constants and f"{node}.bias" not in weights
        if not turned or not bool((weights[f"{node}.weight"] == -1).all()):
            return
    net.replace(name, MinPool2d(pool.kernel, pool.stride, pool.padding))
    for node in (first, last):
        bypass(net, node)
        del weights[f"{node}.weight"]


def _only_reader(net: Architecture, name: str, kind: type[Layer]) -> str | None:
    """The one node that reads another, if it is of a kind and the other is not the output."""
    readers = net.readers(name)
    alone = len(readers) == 1 and net.output != name
    return readers[0] if alone and isinstance(net.layer(readers[0]), kind) else None
