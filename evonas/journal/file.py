"""The file of a journal: its tables, how it begins, and what tells a damaged one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

from ..errors import UserError

FORMAT = 1
"""Version of the tables; a newer one is refused, an older one stays readable."""

FILE = "journal.db"
_TEMPORARY = f"{FILE}.tmp"
BEGUN = tuple(_TEMPORARY + end for end in ("", "-journal", "-wal", "-shm"))
"""What a run that was killed while its folder was set up may leave."""

# A place is the number of results that the strategy had heard before: it puts proposals and results in order.
# What is told has columns for what a resume needs; all else is in its body.
# SQLite has no checksums of its own: every row ends with one.
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE asked (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL,
                    seal INTEGER NOT NULL);
CREATE TABLE told (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, fitness REAL,
                   lineage_epochs REAL NOT NULL, body TEXT NOT NULL, seal INTEGER NOT NULL);
CREATE TABLE weights (number INTEGER PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL,
                      digest TEXT NOT NULL, seal INTEGER NOT NULL);
"""

_MAGIC = b"SQLite format 3\0"

to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Compact JSON."""

_decoder = json.JSONDecoder()


def from_json(text: str) -> Any:
    """What `to_json` was given; quicker than ``json.loads``, which looks for white space."""
    value, end = _decoder.raw_decode(text)
    if end != len(text):
        raise ValueError(f"expected the end of the text at character {end}")
    return value


def sealed(*values: Any) -> tuple[Any, ...]:
    """A row with its checksum."""
    return (*values, crc32(ascii(values).encode()))


def unsealed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row without its checksum, which agrees.

    Raises:
        UserError: It does not.
    """
    values = row[:-1]
    if crc32(ascii(values).encode()) != row[-1]:
        raise UserError(f"the file is damaged: the checksum of row {str(values[0])[:40]!r} does not agree")
    return values


def create_file(folder: Path, meta: Mapping[str, Any]) -> None:
    """Puts an empty journal into a folder: whole, or not at all.

    Args:
        folder: Made if it is not there.
        meta: What is known of the run before its first turn, for JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in BEGUN:
        (folder / name).unlink(missing_ok=True)
    connection = sqlite3.connect(folder / _TEMPORARY, isolation_level=None)
    try:
        # Set here, and kept in the file: readers cannot finish a change of mode that a kill has cut off.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        rows = [sealed(key, to_json(value)) for key, value in {"format": FORMAT, **meta}.items()]
        connection.executemany("INSERT INTO meta VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    finally:
        connection.close()  # which moves all from the WAL into the file
    (folder / _TEMPORARY).replace(folder / FILE)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Opens a journal's file and checks that it is one.

    Raises:
        UserError: It is another file, empty, cut short, or of a newer format.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise UserError("the file is damaged: it is no SQLite database")
    uri = f"{path.resolve().as_uri()}?mode={'rw' if write else 'ro'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
    try:
        _check_format(connection)
        _check_pages(connection)
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_format(connection: sqlite3.Connection) -> None:
    has_meta = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
    ).fetchone()
    row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() if has_meta else None
    if row is None:
        raise UserError("the file is damaged, or another SQLite database: it has no format")
    found = from_json(row[0])
    if isinstance(found, int) and found > FORMAT:
        raise UserError(f"its format {found} is newer than {FORMAT}, which this version reads: update evonas")
    if found != FORMAT:
        raise UserError(f"expected format {FORMAT}, got {found!r}")


def _check_pages(connection: sqlite3.Connection) -> None:
    """Checks that every row can be reached: what is damaged elsewhere, the rows' checksums show."""
    damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        raise UserError(f"the file is damaged: {' '.join(damage.split())}")


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Names the journal in what is found wrong with it."""
    try:
        yield
    except UserError as error:
        raise UserError(f"journal {path}: {error}") from None
    except (OSError, sqlite3.OperationalError) as error:
        if "decode" in str(error):
            raise UserError(f"journal {path}: the file is damaged: a text in it is no UTF-8") from None
        raise UserError(f"journal {path}: cannot be used: {error}") from None
    except (sqlite3.Error, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UserError(f"journal {path}: the file is damaged: {error}") from None
