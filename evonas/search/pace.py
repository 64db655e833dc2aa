"""How fast a search is and how busy it keeps what it was given: for displays, and noted in the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..evolution import Candidate
from ..files import Noted, read
from ..run.journal import Journal
from .executors import Executor, Usage

NOTED = "usage"
"""The key in the journal of what every session of a run did."""

SECONDS = 30.0
"""Between two notes."""

FRESH = 0.5
"""Seconds for which a pace is not measured again: an executor may have thousands of places."""


@dataclass(frozen=True)
class Pace:
    """One session of a search, up to now.

    Attributes:
        candidates: That have ended in it.
        images: Training images that they have seen, epochs counted.
        usage: Its executor's.
    """

    candidates: Noted
    images: Noted
    usage: Usage

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self.usage.seconds

    @property
    def per_hour(self) -> float:
        """Candidates an hour."""
        return 3600 * self.candidates / self.seconds if self.seconds > 0 else 0.0

    @property
    def images_per_second(self) -> float:
        """Training images a second."""
        return self.images / self.seconds if self.seconds > 0 else 0.0

    @property
    def wait(self) -> float:
        """Seconds that a candidate waited for its place, on average."""
        return self.usage.waited / self.candidates if self.candidates else 0.0

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return {"candidates": self.candidates, "images": self.images, **self.usage.to_dict()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Pace:
        """The reverse of `to_dict`.

        Raises:
            UserError: A part is missing or of another type.
        """
        return read(cls, {**data, "usage": Usage.from_dict(data)}, "usage", others=True)


class Ledger:
    """Follows one session, and notes it in the journal now and then, and at its end.

    Args:
        journal: Of the run.
        executor: Evaluates its candidates.
    """

    def __init__(self, journal: Journal, executor: Executor) -> None:
        self._journal = journal
        self._executor = executor
        self._before = list(journal.meta().get(NOTED, []))
        self._candidates = self._images = 0
        self._noted = time.monotonic()
        self._measured: tuple[float, Pace] | None = None

    def told(self, candidate: Candidate) -> Pace:
        """Counts a candidate that has ended."""
        self._candidates += 1
        if candidate.result is not None:
            self._images += int(candidate.result.metrics.get("training_images", 0))
        now = time.monotonic()
        if now - self._noted >= SECONDS:
            self._note()
        if self._measured is None or now - self._measured[0] >= FRESH:
            self._measured = now, self.pace()
        return self._measured[1]

    def pace(self) -> Pace:
        """The session up to now."""
        return Pace(self._candidates, self._images, self._executor.usage())

    def _note(self) -> None:
        self._noted = time.monotonic()
        self._journal.note(NOTED, [*self._before, self.pace().to_dict()])

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if not self._candidates:
            return
        try:
            self._note()
        except UserError:
            if error is None:  # else that says more
                raise


Watch = Callable[[Candidate], None]
Started = Callable[[Any, int], None]
"""Called before the first evaluation: with the settings, and how many candidates have ended before."""
Metered = Callable[[Pace], None]
Dropped = Callable[[list[int]], None]


@dataclass(frozen=True)
class Onlookers:
    """Who follows a search: nobody, by default.

    Attributes:
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation: with the settings, and how many have ended.
        meter: Called with every candidate's end, before `watch`: with the pace.
        enough: Says whether no candidate is to begin any more; those that have begun are waited for.
        dropped: Called where the search is interrupted: with the candidates that had begun.
    """

    watch: Watch = lambda candidate: None
    started: Started = lambda settings, evaluated: None
    meter: Metered = lambda pace: None
    enough: Callable[[], bool] = lambda: False
    dropped: Dropped = lambda numbers: None
