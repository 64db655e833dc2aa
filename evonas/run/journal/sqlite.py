"""The durable journal of a run folder: one SQLite file, written by one process, read by any."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...evolution import DONE, FAILED, Candidate, Genome, Origin, Result
from ...files import reach
from ..weights import Stored, check_stored
from .base import Event, Journal, in_order
from .file import FILE, connect, create_file, from_json, guarded, sealed, to_json, unsealed
from .notes import check_notes

__all__ = ["FILE", "ReadGenome", "SqliteJournal"]

Row = tuple[Any, ...]

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
        with guarded(self.path):
            self._connection = connect(self.path, write=write)
            # Without a log a reader stops the writer: it takes all at once, and lets go.
            (mode,) = self._connection.execute("PRAGMA journal_mode").fetchone()
            self._at_once = not write and mode != "wal"
        self._writes = write
        _, self._told = self.counts()

    @classmethod
    def create(cls, folder: Path, meta: dict[str, Any]) -> SqliteJournal:
        """Starts the journal of a new run.

        Args:
            folder: An empty or new folder.
            meta: What is known of the run before its first turn, for JSON.
        """
        create_file(folder, meta)
        return cls(folder, write=True)

    def read_genomes_with(self, read: ReadGenome) -> None:
        """Sets how genomes are read; needed before candidates are."""
        self._read_genome = read

    @property
    def called(self) -> str:
        return f"journal {self.path}"

    # -- the run ---------------------------------------------------------------------------------

    def meta(self) -> dict[str, Any]:
        """What was noted of the run as a whole."""
        with guarded(self.path):
            rows = self._rows("SELECT key, value, seal FROM meta")
            notes = {key: from_json(value) for key, value in rows}
            to_json(notes)  # which refuses what is no number: no note of evonas has any
            check_notes(notes)
            return notes

    def note(self, key: str, value: Any) -> None:
        """Notes something of the run as a whole, durably."""
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", *sealed(key, to_json(value)))
        self.commit()

    # -- writing ---------------------------------------------------------------------------------

    def asked(self, candidate: Candidate, tells: int) -> None:
        body = {**candidate.genome.origin.to_dict(), "genome": candidate.genome.to_dict()}
        self._write("INSERT INTO asked VALUES (?, ?, ?, ?)", *sealed(candidate.number, tells, to_json(body)))

    def told(self, candidate: Candidate, weights: Stored | None) -> None:
        if candidate.result is None:
            raise UserError(f"journal: candidate {candidate.number} has no result")
        body = candidate.result.to_dict()
        # SQLite gives back any number in these columns as a float, and no negative zero.
        fitness = body.pop("fitness", None)
        fitness = None if fitness is None else float(fitness) + 0.0
        lineage_epochs = float(body.pop("lineage_epochs", 0.0)) + 0.0
        row = sealed(candidate.number, self._told, fitness, lineage_epochs, to_json(body))
        self._write("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?)", *row)
        self._told += 1
        if weights is not None:
            row = sealed(weights.number, weights.file, weights.size, weights.digest)
            self._write("INSERT INTO weights VALUES (?, ?, ?, ?, ?)", *row)

    def dropped(self, stored: Stored) -> None:
        self._write("DELETE FROM weights WHERE number = ?", stored.number)

    def commit(self) -> None:
        if self._connection.in_transaction:
            with guarded(self.path):
                reach("journal.commit")
                self._connection.execute("COMMIT")
            reach("journal.committed")

    def rollback(self) -> None:
        with guarded(self.path):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        _, self._told = self.counts()

    def _write(self, statement: str, *values: Any) -> None:
        with guarded(self.path):
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(statement, values)

    # -- reading ---------------------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        with guarded(self.path):
            asked, told = self._asked_and_told()
            yield from in_order(self._asked_events(asked), self._told_events(told))

    def _asked_and_told(self) -> tuple[Iterable[Row], Iterable[Row]]:
        """The rows of both tables in one state, however fast the run goes on."""
        queries = (
            "SELECT number, place, body, seal FROM asked ORDER BY number",
            "SELECT number, place, fitness, lineage_epochs, body, seal FROM told ORDER BY place",
        )
        if self._writes:  # nobody else changes them
            asked, told = map(self._select, queries)
            return asked, told
        self._connection.execute("BEGIN")
        try:
            asked, told = map(self._select, queries)
        finally:
            self._connection.execute("COMMIT")  # rows that are still to be read stay those of this state
        return asked, told

    def _asked_events(self, rows: Iterable[Row]) -> Iterator[tuple[int, Event]]:
        before = 0
        for expected, (number, place, body) in enumerate(map(unsealed, rows)):
            _check_number(number, expected)
            if type(place) is not int or place < before:
                raise UserError(
                    f"the file is damaged: candidate {number} has place {place!r:.40}, "
                    f"expected a whole number of at least {before}"
                )
            before = place
            yield place, (number, self._genome(number, body))

    def _told_events(self, rows: Iterable[Row]) -> Iterator[tuple[int, Event]]:
        for expected, (number, place, fitness, lineage_epochs, _) in enumerate(map(unsealed, rows)):
            _check_number(place, expected)
            if not isfinite(fitness or 0.0) or not isfinite(lineage_epochs):
                raise UserError(f"the file is damaged: candidate {number} has fitness {fitness}")
            status = FAILED if fitness is None else DONE
            yield place, (number, Result(status, fitness, lineage_epochs=lineage_epochs))

    def candidates(self) -> Iterator[Candidate]:
        # One statement sees one state, however fast the run goes on.
        query = """
            SELECT asked.number, asked.place, asked.body, asked.seal,
                   told.number, told.place, told.fitness, told.lineage_epochs, told.body, told.seal,
                   (SELECT count(*) FROM told)
            FROM asked LEFT JOIN told USING (number) ORDER BY asked.number
        """
        told = missing = 0
        with guarded(self.path):
            for expected, row in enumerate(self._select(query)):
                _check_number(row[0], expected)
                candidate = self._candidate(row[:4], row[4:10])
                told += candidate.result is not None
                missing = row[10] - told
                yield candidate
            if missing:
                raise UserError(f"the file is damaged: {missing} results belong to no candidate")

    def candidate(self, number: int) -> Candidate:
        if not 0 <= number < 2**63:  # what SQLite cannot even be asked for
            raise self._none_of(number)
        query = """
            SELECT asked.number, asked.place, asked.body, asked.seal,
                   told.number, told.place, told.fitness, told.lineage_epochs, told.body, told.seal
            FROM asked LEFT JOIN told USING (number) WHERE number = ?
        """
        with guarded(self.path):
            row = self._connection.execute(query, (number,)).fetchone()
            if row is not None:
                return self._candidate(row[:4], row[4:])
        raise self._none_of(number)

    def _none_of(self, number: int) -> UserError:
        return UserError(f"candidate {number}: the run {self.path.parent} has none of that number")

    def _candidate(self, asked: tuple[Any, ...], told: tuple[Any, ...]) -> Candidate:
        number, _, body = unsealed(asked)
        candidate = Candidate(number, self._genome(number, body))
        if told[0] is not None:
            _, _, fitness, lineage_epochs, body = unsealed(told)
            known = {"fitness": fitness, "lineage_epochs": lineage_epochs}
            candidate.result = Result.from_dict(from_json(body) | known)
        if candidate.fitness is not None:
            candidate.genome.fitness.values = (candidate.fitness,)
        return candidate

    def _genome(self, number: int, text: str) -> Genome:
        """A candidate's genome as it was asked, without fitness."""
        if self._read_genome is None:
            raise UserError("how genomes are read is not set")
        body = from_json(text)
        try:
            genome = self._read_genome(body["genome"])
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise UserError(f"the genome of candidate {number} cannot be read: {error}") from error
        genome.origin = origin = Origin.from_dict(body)
        if not all(0 <= other < number for other in (*origin.parents, *origin.removed)):
            raise UserError(f"the file is damaged: candidate {number} comes from {origin.parents!r:.60}")
        genome.number = number
        return genome

    def best(self, count: int) -> list[Candidate]:
        with guarded(self.path):
            rows = self._rows("SELECT number, place, fitness, lineage_epochs, body, seal FROM told")
            done = ((-row[2], row[0]) for row in rows if row[2] is not None and isfinite(row[2]))
            numbers = [number for _, number in heapq.nsmallest(count, done)]
        return [self.candidate(number) for number in numbers]

    def counts(self) -> tuple[int, int]:
        query = "SELECT (SELECT count(*) FROM asked), (SELECT count(*) FROM told)"
        with guarded(self.path):
            asked, told = self._connection.execute(query).fetchone()
            return int(asked), int(told)

    def kept(self) -> dict[int, Stored]:
        with guarded(self.path):
            rows = self._rows("SELECT number, file, size, digest, seal FROM weights")
            kept = {row[0]: Stored(*row) for row in rows}
            for stored in kept.values():
                check_stored(stored)
            return kept

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Rows whose checksum agrees, without it."""
        return map(unsealed, self._select(query))

    def _select(self, query: str) -> Iterable[tuple[Any, ...]]:
        cursor = self._connection.execute(query)
        return cursor.fetchall() if self._at_once else cursor

    def close(self) -> None:
        self._connection.close()


def _check_number(found: int, expected: int) -> None:
    if found != expected:
        raise UserError(f"the file is damaged: expected row {expected}, got {found}")
