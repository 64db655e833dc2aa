"""The durable journal of a run folder: one SQLite file, written by one process, read by any."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..candidate import Candidate, Result
from ..errors import UserError
from ..genome import Genome, Origin
from ..weights import Stored
from .base import Event, Journal

FORMAT = 1
"""Version of the tables; a newer one is refused, an older one stays readable."""

FILE = "journal.db"

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE asked (number INTEGER PRIMARY KEY, turn INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE told (number INTEGER PRIMARY KEY, turn INTEGER NOT NULL, fitness REAL, body TEXT NOT NULL);
CREATE TABLE weights (number INTEGER PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL,
                      digest TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0);
"""

ReadGenome = Callable[[dict[str, Any]], Genome]
"""Makes a genome from the form in which the journal keeps it."""


class SqliteJournal(Journal):
    """Proposals and results in SQLite, one transaction a turn, flushed to the disk at each commit.

    Args:
        folder: The run folder.
        write: Whether this process is the run's one writer.

    Raises:
        UserError: There is no journal, it is damaged, or a newer evonas wrote it.
    """

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        self.path = folder / FILE
        if not self.path.is_file():
            raise UserError(f"run {folder}: no run is there (expected a file {FILE})")
        self._read_genome: ReadGenome | None = None
        self._open = False
        with self._guarded():
            self._connection = _connect(self.path, "rw" if write else "ro")
            self._check_format()
            row = self._connection.execute(
                "SELECT max(turn) FROM (SELECT turn FROM asked UNION ALL SELECT turn FROM told)"
            ).fetchone()
        self._turn: int = (row[0] or 0) + 1

    @classmethod
    def create(cls, folder: Path, meta: dict[str, Any]) -> SqliteJournal:
        """Starts the journal of a new run.

        Args:
            folder: An empty or new folder.
            meta: What is known of the run before its first turn, for JSON.
        """
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{FILE}.tmp"
        temporary.unlink(missing_ok=True)
        connection = _connect(temporary, "rwc")
        connection.executescript(_TABLES)
        connection.execute("INSERT INTO meta VALUES ('format', ?)", (json.dumps(FORMAT),))
        for key, value in meta.items():
            connection.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value)))
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()
        temporary.replace(folder / FILE)
        return cls(folder, write=True)

    def read_genomes_with(self, read: ReadGenome) -> None:
        """Sets how genomes are read; needed before candidates are."""
        self._read_genome = read

    # -- the run ---------------------------------------------------------------------------------

    def meta(self) -> dict[str, Any]:
        """What was noted of the run as a whole."""
        with self._guarded():
            rows = self._connection.execute("SELECT key, value FROM meta").fetchall()
            return {key: json.loads(value) for key, value in rows}

    def note(self, key: str, value: Any) -> None:
        """Notes something of the run as a whole, durably."""
        with self._guarded():
            self._begin()
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))
        self.commit()

    def _check_format(self) -> None:
        row = self._connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        found = json.loads(row[0]) if row else None
        if isinstance(found, int) and found > FORMAT:
            raise UserError(f"run {self.path.parent}: its format {found} is newer than {FORMAT}: update evonas")
        if found != FORMAT:
            raise UserError(f"run {self.path.parent}: expected format {FORMAT}, got {found!r}")

    # -- writing ---------------------------------------------------------------------------------

    def asked(self, candidate: Candidate) -> None:
        origin = candidate.genome.origin
        body = {"operator": origin.operator, "parents": origin.parents, "genome": candidate.genome.to_dict()}
        self._write("INSERT INTO asked VALUES (?, ?, ?)", candidate.number, self._next(), _json(body))

    def told(self, candidate: Candidate, weights: Stored | None) -> None:
        if candidate.result is None:
            raise UserError(f"journal: candidate {candidate.number} has no result")
        body = _json(candidate.result.to_dict())
        self._write("INSERT INTO told VALUES (?, ?, ?, ?)", candidate.number, self._next(), candidate.fitness, body)
        if weights is not None:
            row = (weights.number, weights.file, weights.size, weights.digest)
            self._write("INSERT INTO weights VALUES (?, ?, ?, ?, 0)", *row)

    def dropped(self, stored: Stored) -> None:
        self._write("UPDATE weights SET dropped = 1 WHERE number = ?", stored.number)

    def commit(self) -> None:
        if self._open:
            with self._guarded():
                self._connection.execute("COMMIT")
            self._open = False

    def _next(self) -> int:
        self._turn += 1
        return self._turn - 1

    def _begin(self) -> None:
        if not self._open:
            self._connection.execute("BEGIN IMMEDIATE")
            self._open = True

    def _write(self, statement: str, *values: Any) -> None:
        with self._guarded():
            self._begin()
            self._connection.execute(statement, values)

    # -- reading ---------------------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        query = """
            SELECT turn, 0, number FROM asked UNION ALL SELECT turn, 1, number FROM told ORDER BY turn
        """
        with self._guarded():
            for _, told, number in self._connection.execute(query):
                yield ("told" if told else "asked"), self.candidate(number)

    def candidates(self) -> Iterator[Candidate]:
        query = """
            SELECT asked.number, asked.body, told.body FROM asked LEFT JOIN told USING (number) ORDER BY asked.number
        """
        with self._guarded():
            for row in self._connection.execute(query):
                yield self._candidate(*row)

    def candidate(self, number: int) -> Candidate:
        query = "SELECT asked.number, asked.body, told.body FROM asked LEFT JOIN told USING (number) WHERE number = ?"
        with self._guarded():
            row = self._connection.execute(query, (number,)).fetchone()
        if row is None:
            raise UserError(f"candidate {number}: the run {self.path.parent} has none of that number")
        return self._candidate(*row)

    def _candidate(self, number: int, proposal: str, outcome: str | None) -> Candidate:
        if self._read_genome is None:
            raise UserError("journal: how genomes are read is not set")
        try:
            body = json.loads(proposal)
            genome = self._read_genome(body["genome"])
            genome.origin = Origin(tuple(body["parents"]), body["operator"])
            genome.number = number
            result = Result.from_dict(json.loads(outcome)) if outcome is not None else None
        except (UserError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"journal {self.path}: candidate {number} is damaged: {error}") from None
        if result is not None and result.fitness is not None:
            genome.fitness.values = (result.fitness,)
        return Candidate(number, genome, result)

    def counts(self) -> tuple[int, int]:
        """How many candidates were asked and how many were told."""
        with self._guarded():
            asked = self._connection.execute("SELECT count(*) FROM asked").fetchone()[0]
            return asked, self._connection.execute("SELECT count(*) FROM told").fetchone()[0]

    def kept(self) -> dict[int, Stored]:
        with self._guarded():
            rows = self._connection.execute("SELECT number, file, size, digest FROM weights WHERE dropped = 0")
            return {row[0]: Stored(*row) for row in rows.fetchall()}

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns what SQLite finds wrong into a message that names the file."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise UserError(f"journal {self.path}: cannot be used: {error}") from None
        except (sqlite3.DatabaseError, json.JSONDecodeError) as error:
            raise UserError(f"journal {self.path}: the file is damaged: {error}") from None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
    if mode != "ro":
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    return connection


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
