"""Where each channel of a child comes from in its parent, through what was inserted, widened and padded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..architecture import KEEP_SIGN, Architecture, ChannelOrigins, Origins, aligned
from ..architecture.layers import Add, LeakyReLU, PadChannels, ReLU, ReLU6, TakeChannels
from .correspondence import Correspondence


@dataclass(frozen=True)
class Channels:
    """The channels of one node's output.

    Attributes:
        origins: One number a channel; equal numbers mean the same channel, in child and parent.
        zero: Which channels are zero for every image.
    """

    origins: Origins
    zero: NDArray[np.bool_]


def lineage(
    child: Architecture, parent: Architecture, found: Correspondence
) -> tuple[dict[str, Channels], dict[str, Channels]]:
    """The channels of every node of the child's and of the parent's, comparable.

    Beyond `ChannelOrigins`, what is padded, truncated or inserted as the identity hands its channels on, and
    the channels of a sum are known by what is summed, so that those of the parent's are found again where
    others have come between them.

    Args:
        child: The child's architecture.
        parent: The parent's.
        found: What the child's nodes are to the parent.
    """
    numbers = ChannelOrigins()
    theirs: dict[str, Channels] = {}
    for node in parent:
        theirs[node] = _Node(numbers, parent, node, node).channels([theirs[s] for s in parent.inputs(node)])
    mine: dict[str, Channels] = {}
    for node in child:
        inputs = [mine[source] for source in child.inputs(node)]
        partner = found.partners.get(node)
        # No node's name has a space, so what is new has numbers of its own.
        here = _Node(numbers, child, node, partner or f"{node} new")
        if node in found.identities:
            mine[node] = here.handed_on(inputs[0])
        elif child.layer(node).flow == "summed":
            before = [theirs[source] for source in parent.inputs(partner)] if partner else None
            mine[node] = here.summed(inputs, before)
        else:
            mine[node] = here.channels(inputs)
        if node in found.silent:
            mine[node] = Channels(mine[node].origins, np.ones_like(mine[node].zero))
    return mine, theirs


@dataclass(frozen=True)
class _Node:
    """One node whose channels are sought, and under which name it makes new ones."""

    numbers: ChannelOrigins
    architecture: Architecture
    node: str
    name: str

    def channels(self, inputs: Sequence[Channels]) -> Channels:
        """By what the layer says of itself."""
        layer = self.architecture.layer(self.node)
        if isinstance(layer, TakeChannels):
            taken = slice(layer.start, layer.start + layer.channels)
            return Channels(inputs[0].origins[taken], inputs[0].zero[taken])
        if isinstance(layer, PadChannels):
            zeros = self.numbers.made_by(self.name, layer.before + layer.extra)
            front, back = zeros[: layer.before], zeros[layer.before :]
            parts = [Channels(part, np.ones(len(part), dtype=bool)) for part in (front, back)]
            return _joined([parts[0], inputs[0], parts[1]])
        if layer.flow == "summed":
            made = self._made()
            return Channels(made.origins, _zero_sums(inputs, isinstance(layer, Add)))
        if layer.flow == "fresh":
            return self._made()
        if layer.flow == "joined":
            return _joined(inputs)
        read = inputs[0]
        if layer.flow == "spread":
            size = self.architecture.input_shapes(self.node)[0][1:]
            spread = self.numbers.spread(read.origins, size)
            return Channels(spread, np.repeat(read.zero, len(spread) // max(len(read.zero), 1)))
        if isinstance(layer, (*KEEP_SIGN, ReLU, ReLU6, LeakyReLU)):
            return read
        return Channels(read.origins, np.zeros_like(read.zero))  # a normalisation shifts zeros, for example

    def handed_on(self, read: Channels) -> Channels:
        """Of a layer that is the identity: what it reads, and new ones if it has more."""
        layer = self.architecture.layer(self.node)
        if isinstance(layer, PadChannels | TakeChannels):
            return self.channels([read])
        more = self.architecture.shape(self.node)[0] - len(read.origins)
        if more <= 0:
            return read
        new = self._made()
        return _joined([read, Channels(new.origins[-more:], new.zero[-more:])])

    def summed(self, inputs: Sequence[Channels], before: Sequence[Channels] | None) -> Channels:
        """Of one of the child's sums.

        Args:
            inputs: What it sums.
            before: What its partner sums; None for a new sum.
        """
        added = isinstance(self.architecture.layer(self.node), Add)
        origins, zero = self._made().origins, _zero_sums(inputs, added)
        if before is None:
            alive = ~np.stack([one.zero for one in inputs])
            if added and (alive.sum(0) <= 1).all():  # nothing is really added: it hands on
                which = alive.argmax(0)
                origins = np.stack([one.origins for one in inputs])[which, np.arange(len(which))]
            return Channels(origins, zero)
        keys: dict[tuple[int, ...], int] = {}
        here, there = aligned(_keys(inputs, added, keys), _keys(before, added, keys))
        width = len(before[0].origins)
        old = self.numbers.made_by(self.name, width)
        origins = self.numbers.made_by(f"{self.node} new", len(origins))
        # Channels of which nothing is found again keep their place, as far as that is free.
        staying = np.arange(min(width, len(origins)))
        staying = staying[~np.isin(staying, here) & ~np.isin(staying, there)]
        origins[staying] = old[staying]
        origins[here] = old[there]
        return Channels(origins, zero)

    def _made(self) -> Channels:
        count = self.architecture.shape(self.node)[0]
        return Channels(self.numbers.made_by(self.name, count), np.zeros(count, dtype=bool))


def _joined(parts: Sequence[Channels]) -> Channels:
    return Channels(
        np.concatenate([part.origins for part in parts]), np.concatenate([part.zero for part in parts])
    )


def _zero_sums(inputs: Sequence[Channels], added: bool) -> NDArray[np.bool_]:
    """Which channels of a sum, or of a product, are zero."""
    zeros = np.stack([one.zero for one in inputs])
    return np.asarray(zeros.all(0) if added else zeros.any(0))


def _keys(inputs: Sequence[Channels], added: bool, keys: dict[tuple[int, ...], int]) -> Origins:
    """One number for each channel of a sum, by what is summed there, zeros left out."""
    origins = np.stack([one.origins for one in inputs])
    if added:
        origins = np.where(np.stack([one.zero for one in inputs]), -1, origins)
    rows = np.sort(origins, 0).T.tolist()
    found = [tuple(origin for origin in row if origin >= 0) for row in rows]
    return np.array([keys.setdefault(key, len(keys)) for key in found], dtype=np.int64)


def origins_of(channels: Mapping[str, Channels]) -> dict[str, Origins]:
    """The origins alone."""
    return {node: one.origins for node, one in channels.items()}
