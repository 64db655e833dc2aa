"""The loop, one evaluation, and where evaluations run.

- `loop`: wait for the oldest candidate, note its result, tell the strategy, ask ahead, commit. `replay`:
  telling a strategy what a journal holds.
- `evaluation`: the contract of what gives fitness, and how every outcome becomes a result.
- `executors`: this process, worker processes, a Ray cluster; a room of its own inside.
- `retention`: which weights are kept. `pace`: how fast and how busy a search is, and who follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .evaluation import (
        NEEDS,
        Evaluator,
        Job,
        Needs,
        Parent,
        Shared,
        UserFunction,
        reason_of,
        wants_memory,
    )
    from .loop import Limits, Search
    from .pace import NOTED, Ledger, Metered, Onlookers, Pace, Started, Watch
    from .replay import hearing
    from .retention import read_room

__all__ = [
    "Evaluator",
    "Job",
    "Ledger",
    "Limits",
    "Metered",
    "NEEDS",
    "NOTED",
    "Needs",
    "Onlookers",
    "Pace",
    "Parent",
    "Search",
    "Shared",
    "Started",
    "UserFunction",
    "Watch",
    "hearing",
    "read_room",
    "reason_of",
    "wants_memory",
]

__getattr__ = later(
    __name__,
    {
        "evaluation": "Evaluator Job NEEDS Needs Parent Shared UserFunction reason_of wants_memory",
        "loop": "Limits Search",
        "pace": "Ledger Metered NOTED Onlookers Pace Started Watch",
        "replay": "hearing",
        "retention": "read_room",
    },
)
