"""Comparing searches fairly: several ways to search, many seeds each, one table and one figure.

A search becomes a `Record` (`record.py`): how its best so far rose with what it had spent. `running` runs
contenders times seeds on several processes, `statistics` says what their records show, `report` writes it
down and `figure` draws it. `evonas compare` is all of that as a command.
"""

from .record import Record, Step, record_of

__all__ = ["Record", "Step", "record_of"]
