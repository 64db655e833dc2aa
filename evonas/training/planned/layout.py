"""Layout: a place in one arena for each buffer, shared by those that do not live at the same time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from .recording import Buffer

SLACK = 32
"""Floats between two buffers: vectors are read and written beyond an array's end."""

LINE = 16
"""Floats of a cache line, at which buffers begin."""


def lay_out(buffers: Sequence[Buffer]) -> int:
    """Places buffers.

    What a single call works with lies behind all else, for each call in the same place, which stays in the
    cache. The others are placed the largest first, each as low as those allow that live at the same time.

    Returns:
        Floats of the arena.
    """
    used = [one for one in buffers if one.first >= 0]
    lasting = sorted((one for one in used if one.first < one.last), key=lambda one: -one.size)
    placed: list[tuple[int, int, int, int]] = []  # start, end, first and last call
    whole = 0
    for buffer in lasting:
        size, at = room(buffer.size), 0
        for start, end, first, last in placed:
            if first <= buffer.last and buffer.first <= last:
                if at + size <= start:
                    break
                at = max(at, end)
        buffer.offset = at
        insort(placed, (at, at + size, buffer.first, buffer.last))
        whole = max(whole, at + size)
    return _lay_out_passing([one for one in used if one.first == one.last], whole)


def _lay_out_passing(buffers: Sequence[Buffer], start: int) -> int:
    """Places what single calls work with; gives the floats of the arena."""
    ends: dict[int, int] = {}
    for buffer in buffers:
        buffer.offset = ends.get(buffer.first, start)
        ends[buffer.first] = buffer.offset + room(buffer.size)
    return max(ends.values(), default=start)


def room(size: int) -> int:
    """Floats that a buffer of a size takes."""
    return -(-(size + SLACK) // LINE) * LINE
