"""What has changed in a run that may be going on."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from ..api import load
from ..candidate import FAILED, PENDING
from ..journal import FILE
from ..report.document import info, meta_of, title
from ..report.facts import Pairs, cards, configuration, headline
from ..report.page import render
from ..report.pictures import Pictures, pictures_of
from ..report.rows import Row, field, ranked, row_of

CURVES = 5
"""Learning curves of so many best go to the page; it asks for others with an individual."""
AT_MOST = 0.2
"""Seconds within which the journal is not looked at again, however many ask."""
DRAWINGS_KEPT = 200


class WatchedRun:
    """The rows of a run, read again only where they have changed. Any thread may ask.

    Args:
        folder: The run folder.

    Attributes:
        revision: Grows with each change.
        server: Names this object, so that a page knows when a server has been started anew.

    Raises:
        UserError: No readable run is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._open()
        self._look()

    def _open(self) -> None:
        self.server = secrets.token_hex(4)
        self.revision = 0
        self._result = load(self.folder)
        self._drawn_from = load(self.folder)
        self._file = self._identity()
        self._rows: list[Row] = []
        self._changed: list[int] = []  # the revision in which each row was last another one
        self._pending: set[int] = set()
        self._curves: dict[int, Any] = {}
        self._pictures: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._seen = (-1, -1)
        self._looked = float("-inf")

    def _identity(self) -> tuple[int, int]:
        status = (self.folder / FILE).stat()
        return status.st_dev, status.st_ino

    def close(self) -> None:
        """Lets go of the journal."""
        self._result.journal.close()
        self._drawn_from.journal.close()

    # -- looking ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Reads what is new. The lock is held."""
        if time.monotonic() - self._looked < AT_MOST:
            return
        self._looked = time.monotonic()
        if self._identity() != self._file:  # another run is in the folder now
            self.close()
            self._open()
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
                answer["living"] = sorted(self._result.journal.kept())
            return answer

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
        with self._drawing:
            if number not in self._pictures:
                pictures: Pictures = pictures_of(self._drawn_from, number)
                self._pictures[number] = dict(pictures)
                while len(self._pictures) > DRAWINGS_KEPT:
                    self._pictures.popitem(last=False)
            self._pictures.move_to_end(number)
            found = self._pictures[number]
        curve = self._curves.get(number)
        return {**found, "curve": curve} if curve else found
