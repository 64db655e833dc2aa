"""What a search did, in order: durable in a run folder (`SqliteJournal`), or in memory (`MemoryJournal`)."""

from .base import Event, Journal, best_candidates, rank
from .file import FILE, FORMAT
from .memory import MemoryJournal
from .sqlite import SqliteJournal

__all__ = ["FILE", "FORMAT", "Event", "Journal", "MemoryJournal", "SqliteJournal", "best_candidates", "rank"]
