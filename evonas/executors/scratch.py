"""Folders for what processes of one search hand each other, which no search leaves behind for good.

A folder holds a file that its owner keeps locked while it lives. Whatever lies there without such an owner
was left by a process that was killed, and the next one that asks for a folder removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nobody looks for what others have left
    fcntl = None  # type: ignore[assignment]

PREFIX = "evonas-"
OWNER = "owner.lock"

_owned: dict[Path, int] = {}


def scratch_folder() -> Path:
    """A new folder for temporary files; what killed processes have left is removed."""
    if fcntl is not None:
        _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    if fcntl is not None:
        begun = folder / f"{OWNER}.new"
        _owned[folder] = os.open(begun, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(_owned[folder], fcntl.LOCK_EX | fcntl.LOCK_NB)
        begun.rename(folder / OWNER)  # under this name it is locked, or its owner is dead
    return folder


def discard(folder: Path) -> None:
    """Removes a folder and all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    if (lock := _owned.pop(folder, None)) is not None:
        os.close(lock)


def discard_all() -> None:
    """Removes every folder of this process, when it is about to end at once."""
    for folder in list(_owned):
        discard(folder)


def _sweep(where: Path) -> None:
    """Removes folders whose owner has ended without removing them."""
    for lock in where.glob(f"{PREFIX}*/{OWNER}"):
        with suppress(OSError):  # it is gone by now, or another user's
            handle = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent)
            finally:
                os.close(handle)
