"""A line for each candidate in a file of comma-separated values."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..errors import UserError
from .base import Callback
from .past import Past

if TYPE_CHECKING:
    from ..evolution import Candidate
    from ..settings import Settings

COLUMNS = (
    "id",
    "parents",
    "operator",
    "fitness",
    "status",
    "parameters",
    "flops",
    "inherited",
    "lineage_epochs",
    "seconds",
    "reason",
    "genome",
)
"""As of a history's rows; parents with spaces between."""


class CsvLog(Callback):
    """Writes each candidate when it ends, flushed at once.

    A run that goes on goes on in its file, after what is missing there: what ended in a session without the
    log, or just before the process was killed. A new run begins its file anew.

    Args:
        path: The file.

    Raises:
        UserError: It cannot be written, or is not such a log.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise UserError(f"csv: expected a file in a folder that exists, got {str(path)!r}")
        self._text()  # before a search begins
        self._past = Past()
        self._file: TextIO | None = None

    def on_resume(self, past: Past) -> None:
        self._past = past

    def on_start(self, settings: Settings, evaluated: int) -> None:
        past, self._past = self._past, Past()
        old, whole = self._text(), _lines(COLUMNS, *map(_values, past.candidates()))
        goes_on = evaluated > 0 and bool(old)
        if goes_on and not whole.startswith(old):
            self._check_same(old, whole)
            self._replace(whole)
            old = whole
        self._file = self.path.open("a" if goes_on else "w", newline="", encoding="utf-8")
        self._write(whole.removeprefix(old) if goes_on else whole)

    def on_candidate(self, candidate: Candidate) -> None:
        self._write(_lines(_values(candidate)))

    def on_end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, text: str) -> None:
        if self._file is not None:
            self._file.write(text)
            self._file.flush()

    def _text(self) -> str:
        """What is in the file; nothing, where there is none or no plain one.

        Raises:
            UserError: It is not such a log.
        """
        if not self.path.is_file():
            return ""
        with self.path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            begin = file.readline(2 * len(_HEADER))
            if not _HEADER.startswith(begin) and begin.rstrip("\r\n") != _HEADER.rstrip("\r\n"):
                raise UserError(
                    f"csv {self.path}: expected a new file or a log that evonas wrote, got another file"
                )
            return begin + file.read()

    def _check_same(self, old: str, whole: str) -> None:
        """Refuses the log of another run; the last line may be cut short."""
        try:
            known = {row[0]: row[-1] for row in _rows(whole)}
            *lines, last = _rows(old)
        except csv.Error as error:
            raise UserError(f"csv {self.path}: cannot be read: {error}") from None
        cut_short = len(last) < len(COLUMNS) or not old.endswith("\n")
        for row in lines if cut_short else [*lines, last]:
            if not row or known.get(row[0]) != row[-1]:
                raise UserError(
                    f"csv {self.path}: expected the log of this run, which has no such line as {row!r:.80}"
                )

    def _replace(self, text: str) -> None:
        """Puts a text in the file's place, whole or not at all."""
        place = self.path.resolve()
        fresh = place.with_name(f"{place.name}.tmp")
        with fresh.open("w", newline="", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(place)


def _values(candidate: Candidate) -> tuple[object, ...]:
    """What a candidate's line holds."""
    row = candidate.row()
    row["parents"] = " ".join(map(str, row["parents"]))
    return tuple("" if row[name] is None else row[name] for name in COLUMNS)


def _lines(*rows: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


_HEADER = _lines(COLUMNS)
