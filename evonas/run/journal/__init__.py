"""What a search did, in order: durable in a run folder (`SqliteJournal`), or in memory (`MemoryJournal`)."""

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
