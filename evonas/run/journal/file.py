"""The file of a journal: its tables, how it begins, and what tells a damaged one."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

from ...errors import UserError, what_to_do
from ...files import reach
from .filesystem import is_shared

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

LARGEST_ROW = 64 * 2**20
"""Bytes; a row that is larger is refused before it is in memory."""

MODE = "EVONAS_JOURNAL"
"""An environment variable: ``wal`` or ``rollback``, where evonas is not to choose by the file system."""

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
        _set_mode(connection, folder)
        connection.execute("BEGIN")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        rows = [sealed(key, to_json(value)) for key, value in {"format": FORMAT, **meta}.items()]
        connection.executemany("INSERT INTO meta VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    finally:
        connection.close()  # which moves all from the WAL into the file
    reach("journal.built")
    (folder / _TEMPORARY).replace(folder / FILE)
    reach("journal.named")


def _set_mode(connection: sqlite3.Connection, folder: Path) -> None:
    """How commits are written: to a log beside the file, or, where hosts share the folder, with a rollback.

    A write-ahead log needs memory that its processes share, which those of two hosts do not have. Every
    commit is flushed to the disk in either mode.
    """
    chosen = os.environ.get(MODE, "")
    if chosen not in ("", "wal", "rollback"):
        raise UserError(f"{MODE}: expected wal or rollback, got {chosen!r}")
    rollback = chosen == "rollback" or (not chosen and is_shared(folder))
    connection.execute(f"PRAGMA journal_mode = {'DELETE' if rollback else 'WAL'}")
    connection.execute(f"PRAGMA synchronous = {'EXTRA' if rollback else 'FULL'}")


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Opens a journal's file and checks that it is one.

    Raises:
        UserError: It is another file, empty, cut short, or of a newer format.
    """
    for name in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
        if name.is_symlink():
            raise UserError(f"{name.name} is a symbolic link, which may lead anywhere: expected a file")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise UserError("the file is damaged: it is no SQLite database")
    if write:
        return _opened(path, "mode=rw", write)
    # A reader, too, must take back what a writer that was killed has left half done without a log.
    unfinished = path.with_name(f"{path.name}-journal").exists()
    try:
        return _opened(path, "mode=rw" if unfinished else "mode=ro", write)
    except sqlite3.OperationalError:
        log = path.with_name(f"{path.name}-wal")
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        return _opened(path, "mode=ro&immutable=1", write)  # where nothing can be written, nothing changes


def _opened(path: Path, how: str, write: bool) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW)
        connection.execute("PRAGMA trusted_schema = OFF")
        _check_tables(connection)
        _check_format(connection)
        _check_pages(connection)
        if write:
            _set_mode(connection, path.parent)
        else:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_tables(connection: sqlite3.Connection) -> None:
    """Refuses what runs by itself, or in place of a table: triggers, views, tables that others provide.

    So are columns and indexes that are computed: SQLite itself says which are, however they are written.
    """
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        if kind == "table":
            computed = "SELECT 1 FROM pragma_table_xinfo(?) WHERE hidden != 0"
            plain = str(sql).upper().startswith("CREATE TABLE")
        else:  # an index of an expression has no column's number for it
            computed = "SELECT 1 FROM pragma_index_xinfo(?) WHERE cid < -1"
            plain = kind == "index"
        if not plain or connection.execute(computed, (name,)).fetchone():
            raise UserError(f"expected tables alone, got the {kind} {name!r:.60}, which can do other things")


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
    except OSError as error:
        raise UserError(f"journal {path}: cannot be used: {error}{what_to_do(error)}") from None
    except sqlite3.OperationalError as error:
        if "decode" in str(error):
            raise UserError(f"journal {path}: the file is damaged: a text in it is no UTF-8") from None
        name = getattr(error, "sqlite_errorname", "") or ""
        code = next((code for begin, code in _REFUSALS.items() if name.startswith(begin)), 0)
        raise UserError(f"journal {path}: cannot be used: {error}{what_to_do(OSError(code, ''))}") from None
    except (
        sqlite3.Error,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise UserError(f"journal {path}: the file is damaged: {error}") from None


_REFUSALS = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_CANTOPEN": errno.EACCES,
    "SQLITE_IOERR": errno.EIO,
}
"""What the system said, by the beginning of SQLite's name for it."""
