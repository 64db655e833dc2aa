"""Layout: a place in one arena for each buffer, shared by those that do not live at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from .recording import Buffer

SLACK = 32
"""Floats between two buffers: vectors are read and written beyond an array's end."""

LINE = 16
"""Floats of a cache line, at which buffers begin."""


def lay_out(buffers: Sequence[Buffer]) -> int:
    """Places buffers, the largest first, each as low as those allow that live at the same time.

    Returns:
        Floats of the arena.
    """
    placed: list[tuple[int, int, Buffer]] = []
    whole = 0
    for buffer in sorted((one for one in buffers if one.first >= 0), key=lambda one: -one.size):
        room = -(-(buffer.size + SLACK) // LINE) * LINE
        at = 0
        for start, end, other in placed:
            if other.first <= buffer.last and buffer.first <= other.last:
                if at + room <= start:
                    break
                at = max(at, end)
        buffer.offset = at
        placed.append((at, at + room, buffer))
        placed.sort(key=lambda entry: entry[0])
        whole = max(whole, at + room)
    return whole
