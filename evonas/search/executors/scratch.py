"""Folders for what processes of one search hand each other, which no search leaves behind for good.

Beside a folder lies a file that its owner keeps locked while it lives. It is there before the folder and is
removed after it, so that a process may be killed at any instant: whatever lies beside a file that nobody has
locked was left by a process that is dead, and the next one that asks for a folder removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    LOCKS = False  # Windows, where nobody looks for what others have left
else:
    LOCKS = True

PREFIX = "evonas-"
LOCK = ".evonas-lock"
"""Marks what may be removed: nobody else has files of that name beside folders of their own."""

_owned: dict[Path, int] = {}


def scratch_folder() -> Path:
    """A new folder for temporary files; what killed processes have left is removed."""
    if not LOCKS:
        return Path(tempfile.mkdtemp(prefix=PREFIX))
    where = Path(tempfile.gettempdir())
    for left in where.glob(f"{PREFIX}*{LOCK}"):
        remove_left(left.with_suffix(""))
    while True:
        handle, name = tempfile.mkstemp(LOCK, PREFIX, where)
        lock = Path(name)
        folder = lock.with_suffix("")
        try:
            if _take(handle, lock):
                folder.mkdir(mode=0o700)
                _owned[folder] = handle
                return folder
        except FileExistsError:  # not ours
            lock.unlink()
        os.close(handle)


def discard(folder: Path) -> None:
    """Removes a folder and all that is in it; what cannot be removed now is left to the next that asks."""
    shutil.rmtree(folder, ignore_errors=True)
    if (handle := _owned.pop(folder, None)) is not None:
        if not os.path.lexists(folder):  # a process that is being ended may still have written there
            folder.with_name(folder.name + LOCK).unlink(missing_ok=True)
        os.close(handle)


def discard_all() -> None:
    """Removes every folder of this process, when it is about to end at once."""
    for folder in list(_owned):
        discard(folder)


def _take(handle: int, lock: Path) -> bool:
    """Locks a file, unless another process has it or has just removed it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(handle), lock.lstat())
    except OSError:
        return False


def remove_left(folder: Path, patience: int = 0) -> None:
    """Removes a folder whose owner has ended without doing so; does nothing to one that has an owner.

    Args:
        folder: As `scratch_folder` gave it.
        patience: How often to look again, 50 ms apart: a process that is ending lets its files go one by one.
    """
    if not LOCKS:
        shutil.rmtree(folder, ignore_errors=True)
        return
    lock = folder.with_name(folder.name + LOCK)
    for turn in range(patience + 1):
        if turn:
            time.sleep(0.05)
        with suppress(OSError):  # another user's
            if not lock.exists() or _removed(folder, lock):
                return


def _removed(folder: Path, lock: Path) -> bool:
    """Removes both, unless the owner lives."""
    handle = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if not _take(handle, lock):
            return False
        if os.path.lexists(folder):  # its owner may not have made it, or have removed it
            shutil.rmtree(folder)
        lock.unlink()
        return True
    finally:
        os.close(handle)
