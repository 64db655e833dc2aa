"""Runs of every strategy, and one with images, to spoil: what is left is read, shown, and gone on with."""

import contextlib
import io
import json
import random
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from parsing import SPACES, Parser, as_json, loads

import evonas
from evonas.cli.show import show
from evonas.run.journal.file import sealed

KINDS = {
    "aging": {"genome": "amoeba", "population": 3, "sample": 2},
    "images": {"genome": "amoeba", "needs": "architecture", "dataset": "digits", "train_limit": 150},
    "non-aging": {"genome": "amoeba", "population": 3, "sample": 2},
    "sampled-tournament": {"genome": "hierarchical", "population": 3},
    "tournament": {"genome": "large-scale", "population": 3},
    "genetic": {"genome": "genet", "population": 3},
    "local-search": {"genome": "genet"},
    "hill-climbing": {"genome": "graph", "neighbours": 3, "morphisms": 2},
    "random": {"genome": "large-scale", "mutations": 3},
}
"""What each run is made with besides a strategy of that name; the one with images has its genome's."""

BUDGET = 8

PATIENT = 1000
"""A strategy that is asked for more steps than that takes them, and its time: such are not gone on with."""


def made_fitness(thing: object, rng: random.Random) -> dict[str, float]:
    return {"fitness": rng.random(), "extra": 1.0}


def run_parsers(folder: Path) -> Iterator[Parser]:
    """What reads journals, each spoilt in its own way.

    Args:
        folder: Where the runs are put.
    """
    for kind in KINDS:
        run = SpoiltRun(folder / kind, kind)
        if kind == "aging":
            yield Parser("journal file", (run.whole,), run.use, "bytes")
            yield Parser("journal: what was asked", run.bodies("asked")[-2:], run.asked, "json")
            yield Parser("journal: what was told", run.bodies("told")[:3], run.told, "json")
        yield Parser(f"journal: the run ({kind})", run.notes(), run.noted, "json")
        yield Parser(f"journal: the history ({kind})", run.history(), run.reordered, "json")


class SpoiltRun:
    """A run whose journal is replaced again and again.

    Args:
        folder: Where it is made.
        kind: One of `KINDS`.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        choices = dict(KINDS[kind])
        genome, self.needs = choices.pop("genome"), choices.pop("needs", "genome")
        if kind != "images":
            choices["strategy"] = kind
        evonas.evolve(
            genome, evaluate=made_fitness, needs=self.needs, budget=BUDGET, run=folder,
            config={"genome": SPACES[genome]}, **choices,
        ).journal.close()  # fmt: skip
        self.folder = folder
        connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()
        self.whole = (folder / "journal.db").read_bytes()

    # -- good inputs -----------------------------------------------------------------------------

    def _rows(self, query: str) -> list[tuple]:
        connection = sqlite3.connect(self.folder / "journal.db")
        rows = connection.execute(query).fetchall()
        connection.close()
        return rows

    def bodies(self, table: str) -> tuple[bytes, ...]:
        return tuple(body.encode() for (body,) in self._rows(f"SELECT body FROM {table}"))

    def notes(self) -> tuple[bytes, ...]:
        notes = {key: json.loads(value) for key, value in self._rows("SELECT key, value FROM meta")}
        changed = {
            "environments": [[3, {**notes["environment"], "python": "3.9"}]],
            "environment": {**notes["environment"], "python": "3.8"},
        }
        return as_json(notes, notes | changed, notes["settings"]["tactics"])

    def history(self) -> tuple[bytes, ...]:
        """Of every candidate its place, parents, operator and whom it removed."""
        told = []
        for place, body in self._rows("SELECT place, body FROM asked ORDER BY number"):
            found = json.loads(body)
            told.append([place, found["parents"], found["operator"], found.get("removed", [])])
        return as_json(told)

    # -- spoilt ones -----------------------------------------------------------------------------

    def asked(self, content: bytes) -> None:
        """A run in which a row holds what it was given, with a checksum that agrees."""
        row = sealed(6, 3, content.decode(errors="replace"))
        self.use(self._changed("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?)", [row]))

    def told(self, content: bytes) -> None:
        fitness = (zlib.crc32(content) % 100) / 10
        row = sealed(6, 6, fitness, 0.0, content.decode(errors="replace"))
        self.use(self._changed("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?)", [row]))

    def noted(self, content: bytes) -> None:
        """A run with other notes: all of them, or settings of the strategy."""
        data = loads(content)
        if not isinstance(data, dict):
            return
        if "settings" not in data and "format" not in data:
            settings = json.loads(self.notes_of("settings"))
            data = {"settings": {**settings, "tactics": data}}
        try:
            rows = [sealed(key, json.dumps(value)) for key, value in data.items()]
        except ValueError:
            return
        self.use(self._changed("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", rows))

    def notes_of(self, key: str) -> str:
        """A note as it was before anything was spoilt."""
        if not hasattr(self, "_noted"):
            (self.folder / "journal.db").write_bytes(self.whole)
            self._noted = dict(self._rows("SELECT key, value FROM meta"))
        return self._noted[key]

    def reordered(self, content: bytes) -> None:
        """A run with other places and origins."""
        data = loads(content)
        if not isinstance(data, list):
            return
        if not hasattr(self, "_asked"):
            (self.folder / "journal.db").write_bytes(self.whole)
            self._asked = [
                json.loads(body) for (body,) in self._rows("SELECT body FROM asked ORDER BY number")
            ]
        rows = []
        for number, (body, found) in enumerate(zip(self._asked, data, strict=False)):
            if not isinstance(found, list) or len(found) != 4:
                continue
            place, parents, operator, removed = found
            text = json.dumps({**body, "parents": parents, "operator": operator, "removed": removed})
            rows.append(sealed(number, place if isinstance(place, int | float | str) else repr(place), text))
        self.use(self._changed("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?)", rows))

    def _changed(self, statement: str, rows: list[tuple]) -> bytes:
        path = self.folder.with_name("changed.db")
        path.write_bytes(self.whole)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        try:
            connection.executemany(statement, rows)
        except (sqlite3.Error, OverflowError, ValueError):
            raise evonas.UserError("SQLite does not take it") from None
        finally:
            connection.close()
        return path.read_bytes()

    # -- reading ---------------------------------------------------------------------------------

    def use(self, content: bytes) -> None:
        """Reads a journal in every way that there is, and goes on with its search."""
        (self.folder / "journal.db").write_bytes(content)
        for end in ("-wal", "-shm", "-journal"):
            (self.folder / f"journal.db{end}").unlink(missing_ok=True)
        result = evonas.load(self.folder)
        try:
            list(result.history)
            result.journal.kept()
            list(result.journal.events())
            for one in result.top(2):
                result.lineage(one.id)
                str(one.genome)
            tactics = result.settings.tactics
        finally:
            result.journal.close()
        for in_json in (True, False):
            with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")):
                show(self.folder, as_json=in_json)
        from evonas.report import write_report

        write_report(self.folder, self.folder.with_suffix(".html"), 1)
        if not any(isinstance(value, int) and value > PATIENT for value in tactics.values()):
            budget = max(BUDGET + 3, len(self.bodies("asked")))
            evonas.resume(self.folder, evaluate=made_fitness, needs=self.needs, budget=budget).journal.close()
