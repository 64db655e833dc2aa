"""A line for each candidate in a file of comma-separated values."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..errors import UserError
from .base import Callback

if TYPE_CHECKING:
    from ..candidate import Candidate
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
    """Writes each candidate when it ends, flushed at once. A run that goes on goes on in its file.

    Args:
        path: The file.

    Raises:
        UserError: It cannot be written, or is another table.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise UserError(f"csv: expected a file in a folder that exists, got {str(path)!r}")
        self._file: TextIO | None = None

    def on_start(self, settings: Settings, evaluated: int) -> None:
        old = evaluated > 0 and self.path.is_file()
        if old:
            with self.path.open(newline="", encoding="utf-8") as file:
                header = tuple(next(csv.reader(file), ()))
            if header != COLUMNS:
                raise UserError(f"csv {self.path}: expected a file that evonas wrote, got another table")
        self._file = self.path.open("a" if old else "w", newline="", encoding="utf-8")
        if not old:
            self._write(COLUMNS)

    def on_candidate(self, candidate: Candidate) -> None:
        row = candidate.row()
        row["parents"] = " ".join(map(str, row["parents"]))
        self._write(tuple("" if row[name] is None else row[name] for name in COLUMNS))

    def _write(self, values: tuple[object, ...]) -> None:
        if self._file is not None:
            csv.writer(self._file).writerow(values)
            self._file.flush()

    def on_end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
