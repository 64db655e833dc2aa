"""Compiled code that is kept in a folder of the user's own, so that the next process need not compile it.

A file is a checksum of its key and its code, and the code; nothing is unpickled. The checksum tells damage: a
file that was cut short, or that lies under another's name, counts as missing. It is no signature: who may
write the folder may have this user run anything, which is why `own_folder` looks at that first.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from .own_folder import UnusableError, opened, prepare, written_by_others

LIMIT = 64 * 2**20
"""So many bytes are kept in all."""

SUFFIX = ".evonas-kernel"
_KEY = re.compile(r"[0-9a-f]{8,128}")
_OURS = re.compile(rf"{_KEY.pattern}{re.escape(SUFFIX)}(\.[0-9a-f]+\.tmp)?")
_CHECKSUM = sha256().digest_size


def object_store() -> ObjectStore | None:
    """This user's store; None where no safe folder can be had, and kernels are compiled in each process.

    `why_no_store` says why.
    """
    try:
        return ObjectStore(prepare())
    except UnusableError:
        return None


def why_no_store() -> str:
    """Why `object_store` gives none; empty where it gives one."""
    try:
        prepare()
    except UnusableError as error:
        return str(error)
    return ""


class ObjectStore:
    """Keeps code by keys, as well as it can: what cannot be kept or read is compiled again, without a word.

    Processes and threads may use one folder at a time.

    Args:
        folder: Where, as `prepare` has made it.
        limit: How many bytes of files stay; the oldest go first.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def get(self, key: str) -> bytes | None:
        """The code that was kept under a key, whole; None where there is none.

        Args:
            key: A hexadecimal digest of all that the code depends on.
        """
        name = _name(key)
        try:
            with opened(self.folder) as folder:
                content = _read(folder, name, self.limit)
        except (OSError, UnusableError):
            return None
        code = content[_CHECKSUM:]
        return code if content[:_CHECKSUM] == _checksum(key, code) else None

    def put(self, key: str, code: bytes) -> None:
        """Keeps code, in place of what was kept under its key.

        Args:
            key: As `get` will be asked for it.
            code: What was compiled.
        """
        name = _name(key)
        content = _checksum(key, code) + code
        if len(content) > self.limit:
            return
        with suppress(OSError, UnusableError), opened(self.folder) as folder:
            _write(folder, name, content)
            _trim(folder, self.limit)


def _name(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"key: expected 8 to 128 hexadecimal digits in lower case, got {key!r:.60}")
    return key + SUFFIX


def _checksum(key: str, code: bytes) -> bytes:
    return sha256(key.encode() + b"\0" + code).digest()


def _within(folder: int) -> Callable[[str, int], int]:
    """Opens files of a folder, and nothing that a link leads to; a pipe does not make it wait."""
    more = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return lambda name, flags: os.open(name, flags | more, 0o600, dir_fd=folder)


def _read(folder: int, name: str, limit: int) -> bytes:
    """A file's content; nothing if it is no plain file, another user's, or larger than what is written."""
    with open(name, "rb", opener=_within(folder)) as file:
        found = os.fstat(file.fileno())
        own = found.st_uid == os.geteuid() and not written_by_others(found.st_mode)
        if not stat.S_ISREG(found.st_mode) or not own or found.st_size > limit:
            return b""
        return file.read(found.st_size)


def _write(folder: int, name: str, content: bytes) -> None:
    """Writes a file under a name of its own and renames it, so that others find all of it or nothing.

    It is not flushed to the disk: what a power cut leaves of it, the checksum tells.
    """
    temporary = f"{name}.{secrets.token_hex(8)}.tmp"
    try:
        with open(temporary, "xb", opener=_within(folder)) as file:
            file.write(content)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def _trim(folder: int, limit: int) -> None:
    """Removes the oldest files of a store, what killed processes have left among them, and no other files."""
    files = []
    for name in filter(_OURS.fullmatch, os.listdir(folder)):
        with suppress(OSError):  # another process has removed it
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            files.append((found.st_mtime_ns, name, found.st_size))
    size = sum(file[-1] for file in files)
    for _, name, bytes_ in sorted(files):
        if size <= limit:
            return
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        size -= bytes_
