"""What a search did, in order: durable in a run folder (`SqliteJournal`), or in memory (`MemoryJournal`)."""

from .base import Event, Journal, best_candidates, rank
from .memory import MemoryJournal
from .sqlite import FORMAT, SqliteJournal

__all__ = ["FORMAT", "Event", "Journal", "MemoryJournal", "SqliteJournal", "best_candidates", "rank"]
