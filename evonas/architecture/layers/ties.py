"""How the channels of layers hang together: which are the same, and which must keep their numbers alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class Axes(NamedTuple):
    """Which axes of a tensor go by channels.

    Attributes:
        output: The axis with an entry for each output channel; None if there is none.
        input: The axis with a weight for each input channel (of the output's group), over which the layer
            sums; None if there is none.
    """

    output: int | None = None
    input: int | None = None


@dataclass(frozen=True)
class Channels:
    """The channels of one node, each known by a number; equal numbers mean the same channel.

    Attributes:
        numbers: One for each channel.
        blocks: Which entries are copied as one, by equal entries here: the pixels of a flattened channel.
            None where each stands alone.
    """

    numbers: Numbers
    blocks: Numbers | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, stop: int) -> Channels:
        """Those from `start` to before `stop`."""
        return Channels(self.numbers[start:stop], None if self.blocks is None else self.blocks[start:stop])


class Ties:
    """Collects what the layers of an architecture say of their channels.

    Attributes:
        count: How many numbers have been given out.
        pairs: Numbers of channels that must be copied or dropped alike.
        frozen: Numbers of channels that can be neither copied nor dropped, and why.
        mixed: Numbers of channels among which none of another kind can enter, and why.
        needed: Sets of channels of which one at least must stay.
    """

    def __init__(self) -> None:
        self.count = 0
        self.pairs: list[tuple[Numbers, Numbers]] = []
        self.frozen: list[tuple[Numbers, str]] = []
        self.mixed: list[tuple[Numbers, str]] = []
        self.needed: list[Numbers] = []

    def fresh(self, count: int) -> Channels:
        """Channels that no other node has."""
        self.count += count
        return Channels(np.arange(self.count - count, self.count, dtype=np.int64))

    def tie(
        self,
        one: Channels,
        other: Channels,
        otherwise: str = "a sum of flattened channels with features of another order",
    ) -> None:
        """Ties two nodes' channels position by position, since they are added or read by the same weights.

        Where their features are in another order they are frozen, `otherwise` says why.
        """
        if not _same(one.blocks, other.blocks):
            for channels in (one, other):
                self.freeze(channels, otherwise)
        self.pairs.append((one.numbers, other.numbers))

    def tie_groups(self, channels: Channels, groups: int) -> None:
        """Ties groups position by position, so that they stay equally wide."""
        rows = channels.numbers.reshape(groups, -1)
        self.pairs.append((np.tile(rows[0], groups - 1), rows[1:].reshape(-1)))

    def tie_all(self, channels: Channels) -> None:
        """Ties all channels of a node to one another."""
        self.pairs.append((channels.numbers[:-1], channels.numbers[1:]))

    def mix(self, channels: Channels, reason: str) -> None:
        """Forbids fresh channels among them, copies apart; the reason says what these would change."""
        self.mixed.append((channels.numbers, reason))

    def freeze(self, channels: Channels, reason: str) -> None:
        """Forbids every change; the reason says what the channels are tied to."""
        self.frozen.append((channels.numbers, reason))

    def need(self, channels: Channels) -> None:
        """Forbids that all of them are dropped."""
        self.needed.append(channels.numbers)


def joined(parts: Sequence[Channels]) -> Channels:
    """The channels of all parts, one part after the other."""
    numbers = np.concatenate([part.numbers for part in parts])
    if all(part.blocks is None for part in parts):
        return Channels(numbers)
    blocks, begin = [], 0
    for part in parts:
        blocks.append(begin + (np.arange(len(part), dtype=np.int64) if part.blocks is None else part.blocks))
        begin += len(part)
    return Channels(numbers, np.concatenate(blocks))


def spread(channels: Channels, pixels: int) -> Channels:
    """Each channel as so many features, which are copied together."""
    if pixels == 1:
        return channels
    blocks = np.repeat(np.arange(len(channels), dtype=np.int64), pixels)
    return Channels(np.repeat(channels.numbers, pixels), blocks)


def _same(one: Numbers | None, other: Numbers | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return bool(np.array_equal(one, other))
