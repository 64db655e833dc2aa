"""What a search did, in order: durable in a run folder (`SqliteJournal`), or in memory (`MemoryJournal`).

- `base`: the contract, and what is computed from any journal.
- `sqlite`: one transaction a turn; `file`: the file, its format and damage; `filesystem`: where it lies.
- `memory`: for a search without a folder.
- `notes`: what is noted of a run as a whole, and of what type.
"""

from __future__ import annotations

from .base import Event, Journal, best_candidates, rank
from .file import BEGUN, FILE, FORMAT
from .memory import MemoryJournal
from .sqlite import SqliteJournal

__all__ = [
    "BEGUN",
    "Event",
    "FILE",
    "FORMAT",
    "Journal",
    "MemoryJournal",
    "SqliteJournal",
    "best_candidates",
    "rank",
]
