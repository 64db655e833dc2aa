"""Where each channel of an architecture comes from, by the names of the nodes that make channels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .architecture import Architecture
from .layers import Shape

Origins = NDArray[np.int64]
"""One number a channel: equal numbers mean the same channel of the same producer."""

# An origin is written as producer, channel, size of the image that was flattened, pixel.
_CHANNELS = 1 << 20
_SIZES = 1 << 8
_PIXELS = 1 << 16


class ChannelOrigins:
    """The origins of all channels, comparable between architectures that share node names.

    A convolution, a linear layer, a sum and the input produce channels of their own; other layers hand
    theirs on. A sum counts as a producer, so that its readers stay aligned when what is summed changes.
    """

    def __init__(self) -> None:
        self._producers: dict[str, int] = {}
        self._sizes: dict[Shape, int] = {}

    def of(self, architecture: Architecture) -> dict[str, Origins]:
        """The origins of every node's output channels."""
        found: dict[str, Origins] = {}
        for name in architecture:
            layer = architecture.layer(name)
            inputs = [found[source] for source in architecture.inputs(name)]
            shape = architecture.shape(name)
            if layer.flow in ("fresh", "summed"):
                found[name] = self.made_by(name, shape[0])
            elif layer.flow == "joined":
                found[name] = np.concatenate(inputs)
            elif layer.flow == "spread":
                found[name] = self.spread(inputs[0], architecture.input_shapes(name)[0][1:])
            else:
                found[name] = inputs[0]
        return found

    def made_by(self, name: str, channels: int) -> Origins:
        """The origins of channels that a node of that name makes."""
        if channels > _CHANNELS:
            raise UserError(f"node {name!r}: at most {_CHANNELS} channels can be told apart, got {channels}")
        producer = self._producers.setdefault(name, len(self._producers))
        return (producer * _CHANNELS + np.arange(channels, dtype=np.int64)) * (_SIZES * _PIXELS)

    def spread(self, origins: Origins, size: Shape) -> Origins:
        """The origins of each channel's pixels; those of images of two sizes are not the same."""
        pixels = math.prod(size)
        if pixels == 1:
            return origins
        number = self._sizes.setdefault(size, len(self._sizes) + 1)
        if pixels > _PIXELS or number >= _SIZES:
            raise UserError(
                f"flattening: at most {_PIXELS} pixels and {_SIZES - 1} sizes can be told apart, "
                f"got {pixels} pixels as size {number}"
            )
        return (origins[:, None] + (number * _PIXELS + np.arange(pixels, dtype=np.int64))).reshape(-1)


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
