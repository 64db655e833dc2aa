"""What has changed in a run that may be going on."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path
from typing import Any

from ..api import load
from ..evolution import FAILED, PENDING
from ..report import (
    Pairs,
    Row,
    cards,
    configuration,
    field,
    headline,
    info,
    living,
    meta_of,
    ranked,
    render,
    row_of,
    title,
)
from ..run.journal import FILE
from .drawings import Drawings

CURVES = 5
"""Learning curves of so many best go to the page; it asks for others with an individual."""
AT_MOST = 0.2
"""Seconds within which the journal is not looked at again, however many ask."""


class WatchedRun:
    """The rows of a run, read again only where they have changed. Any thread may ask.

    Args:
        folder: The run folder.

    Attributes:
        revision: Grows with each change.
        server: Names what rows and settings are of: it is another one when the server has been started anew,
            when another run is in the folder, and when the run goes on with other settings. A page that has
            another one is to begin anew.

    Raises:
        UserError: No readable run is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open()
        self._look()

    def _open(self) -> None:
        file = self._identity()  # first: what takes its place meanwhile is noticed at the next look
        result = load(self.folder)
        try:
            self._drawings = Drawings(self.folder)
        except BaseException:
            result.journal.close()
            raise
        self._result = result
        self._file = file
        self._settings = self._noted()
        self.server = secrets.token_hex(4)
        self.revision = 0
        self._rows: list[Row] = []
        self._changed: list[int] = []  # the revision in which each row was last another one
        self._pending: set[int] = set()
        self._curves: dict[int, Any] = {}
        self._seen = (-1, -1)
        self._alive: list[int] = []
        self._alive_at = (-1, -1)
        self._looked = float("-inf")

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = (self.folder / FILE).stat()
        except FileNotFoundError:
            return None  # whoever opens it says that
        return status.st_dev, status.st_ino

    def _noted(self) -> Any:
        return meta_of(self._result)["settings"]

    def close(self) -> None:
        """Lets go of the journal."""
        self._result.journal.close()
        self._drawings.close()

    # -- looking ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Reads what is new. The lock is held."""
        if time.monotonic() - self._looked < AT_MOST:
            return
        self._looked = time.monotonic()
        # Another run is in the folder now, or this one was resumed with, say, a larger budget.
        if self._identity() != self._file or self._noted() != self._settings:
            result, drawings = self._result, self._drawings
            self._open()
            result.journal.close()
            drawings.close()
        counts = self._result.journal.counts()
        if counts == self._seen:
            return
        self.revision += 1
        if not self._rows:
            for candidate in self._result.journal.candidates():
                self._take(candidate)
        else:
            for number in [*sorted(self._pending), *range(len(self._rows), counts[0])]:
                self._take(self._result.journal.candidate(number))
        self._seen = counts

    def _take(self, candidate: Any) -> None:
        row, number = row_of(candidate), candidate.number
        if number == len(self._rows):
            self._rows.append(row)
            self._changed.append(self.revision)
        elif field(row, "status") != PENDING:
            self._rows[number] = row
            self._changed[number] = self.revision
        if field(row, "status") == PENDING:
            self._pending.add(number)
        else:
            self._pending.discard(number)
        if candidate.result is not None and candidate.result.curve:
            self._curves[number] = candidate.result.curve

    # -- what is asked ---------------------------------------------------------------------------

    def page(self) -> str:
        """The page's HTML."""
        with self._lock:
            self._look()
            return render(
                title=title(self._result),
                headline=headline(self._result),
                folder=str(self.folder),
                figures=self._cards(),
                configuration=configuration(self._result, meta_of(self._result)),
            )

    def _cards(self) -> Pairs:
        told = [row for row in self._rows if field(row, "status") != PENDING]
        fitness = [field(row, "fitness") for row in told if field(row, "fitness") is not None]
        return cards(
            len(told),
            self._result.settings.budget,
            max(fitness, default=None),
            sum(field(row, "status") == FAILED for row in told),
            sum(field(row, "seconds") for row in told),
        )

    def news(self, after: int, server: str) -> dict[str, Any]:
        """What has changed.

        Args:
            after: The revision that the page has; 0 for none.
            server: That it came from.
        """
        with self._lock:
            self._look()
            if server != self.server:
                after = 0
            answer: dict[str, Any] = {
                "server": self.server,
                "revision": self.revision,
                "state": self._state(),
            }
            if after < self.revision:
                best = ranked(self._rows)[:CURVES]
                answer["info"] = info(self._result)
                answer["rows"] = [
                    row for row, changed in zip(self._rows, self._changed, strict=True) if changed > after
                ]
                answer["curves"] = {number: self._curves[number] for number in best if number in self._curves}
                answer["living"] = self._living()
            return answer

    def _living(self) -> list[int]:
        """As in a report; the history is replayed only where there is more of it."""
        if self._alive_at != self._seen:
            self._alive, self._alive_at = sorted(living(self._result)), self._seen
        return self._alive

    def _state(self) -> str:
        asked, told = self._seen
        if told >= self._result.settings.budget:
            return "complete"
        written = max(
            path.stat().st_mtime for end in ("", "-wal") if (path := self.folder / (FILE + end)).exists()
        )
        ago = max(0, round(time.time() - written))
        return f"{asked - told} being evaluated, last news {ago} s ago"

    def individual(self, number: int) -> dict[str, Any]:
        """Drawings and learning curve of one individual.

        Raises:
            UserError: There is none of that number.
        """
        with self._lock:
            self._look()
            drawings, curve = self._drawings, self._curves.get(number)
        found: dict[str, Any] = dict(drawings.of(number))
        return {**found, "curve": curve} if curve else found
