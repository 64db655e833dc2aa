"""The loop, one evaluation, and where evaluations run.

- `loop`: wait for the oldest candidate, note its result, tell the strategy, ask ahead, commit. `replay`:
  telling a strategy what a journal holds.
- `evaluation`: the contract of what gives fitness, and how every outcome becomes a result.
- `executors`: this process, worker processes, a Ray cluster; a room of its own inside.
- `retention`: which weights are kept. `pace`: how fast and how busy a search is, and who follows it.
"""

from __future__ import annotations

from .evaluation import NEEDS, Evaluator, Job, Needs, Parent, Shared, UserFunction, reason_of, wants_memory
from .loop import Limits, Search
from .pace import NOTED, Ledger, Onlookers, Pace
from .replay import hearing
from .retention import read_room

__all__ = [
    "Evaluator",
    "Job",
    "Ledger",
    "Limits",
    "NEEDS",
    "NOTED",
    "Needs",
    "Onlookers",
    "Pace",
    "Parent",
    "Search",
    "Shared",
    "UserFunction",
    "hearing",
    "read_room",
    "reason_of",
    "wants_memory",
]
