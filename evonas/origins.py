"""Where each channel of an architecture comes from, by the names of the nodes that make channels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .architecture import Architecture
from .errors import UserError

Origins = NDArray[np.int64]
"""One number a channel: equal numbers mean the same channel of the same producer."""

_CHANNELS = 1 << 22
_PIXELS = 1 << 16


class ChannelOrigins:
    """The origins of all channels, comparable between architectures that share node names.

    A convolution, a linear layer, a sum and the input produce channels of their own; other layers hand
    theirs on. A sum counts as a producer, so that its readers stay aligned when what is summed changes.
    """

    def __init__(self) -> None:
        self._producers: dict[str, int] = {}

    def of(self, architecture: Architecture) -> dict[str, Origins]:
        """The origins of every node's output channels."""
        found: dict[str, Origins] = {}
        for name in architecture:
            layer = architecture.layer(name)
            inputs = [found[source] for source in architecture.inputs(name)]
            shape = architecture.shape(name)
            if layer.flow in ("fresh", "summed"):
                found[name] = self._made_by(name, shape[0])
            elif layer.flow == "joined":
                found[name] = np.concatenate(inputs)
            elif layer.flow == "spread":
                found[name] = _spread(inputs[0], math.prod(architecture.input_shapes(name)[0][1:]))
            else:
                found[name] = inputs[0]
        return found

    def _made_by(self, name: str, channels: int) -> Origins:
        if channels > _CHANNELS:
            raise UserError(f"node {name!r}: at most {_CHANNELS} channels can be told apart, got {channels}")
        producer = self._producers.setdefault(name, len(self._producers))
        first = producer * _CHANNELS * _PIXELS
        return np.arange(first, first + channels * _PIXELS, _PIXELS, dtype=np.int64)


def _spread(origins: Origins, pixels: int) -> Origins:
    if pixels > _PIXELS:
        raise UserError(f"flattening: at most {_PIXELS} pixels can be told apart, got {pixels}")
    return (origins[:, None] + np.arange(pixels, dtype=np.int64)).reshape(-1)


def aligned(child: Origins, parent: Origins) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions in the child and in the parent that hold the same channel.

    Where a channel occurs several times, occurrences pair up in their order.

    >>> mine, theirs = aligned(np.array([7, 9, 7]), np.array([7, 7, 8]))
    >>> mine.tolist(), theirs.tolist()
    ([0, 2], [0, 1])
    """
    places: dict[int, list[int]] = {}
    for position, origin in enumerate(parent.tolist()):
        places.setdefault(origin, []).append(position)
    for found in places.values():
        found.reverse()
    pairs = [
        (position, places[origin].pop())
        for position, origin in enumerate(child.tolist())
        if places.get(origin)
    ]
    if not pairs:
        empty = np.empty(0, dtype=np.intp)
        return empty, empty
    mine, theirs = zip(*pairs, strict=True)
    return np.array(mine, dtype=np.intp), np.array(theirs, dtype=np.intp)
