"""Timeouts by a clock that only goes forward.

Pebble compares times of the clock on the wall, which people and time servers set: an hour forward would end
every candidate that is being evaluated, an hour back would let one that hangs have an hour more.
"""

from __future__ import annotations

import time
from typing import Any

from pebble.pool import process


class _Steady:
    """The module `time`, but for what time it is."""

    time = staticmethod(time.monotonic)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def install() -> None:
    """Gives pebble's pools of processes the steady clock."""
    if vars(process)["time"] is time:
        vars(process)["time"] = _Steady()
