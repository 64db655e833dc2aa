"""The loop, one evaluation, and where evaluations run.

- `loop`: wait for the oldest candidate, note its result, tell the strategy, ask ahead, commit. `replay`:
  telling a strategy what a journal holds.
- `evaluation`: the contract of what gives fitness, and how every outcome becomes a result.
- `executors`: this process, worker processes, a Ray cluster; a room of its own inside.
- `retention`: which weights are kept. `pace`: how fast and how busy a search is, and who follows it.
"""

from .loop import Limits, Search

__all__ = ["Limits", "Search"]
