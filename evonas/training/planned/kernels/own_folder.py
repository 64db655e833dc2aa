"""The folder of this user's compiled kernels, and whether it may be used.

What lies in it is run, so nobody else may be able to write there. The folder is opened for each use, looked
at as it was opened, and its files are named relative to that: who can rename a folder above it only puts
another in its place, which is looked at in turn.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ....files import expanded

VARIABLE = "EVONAS_CACHE"
NAME = "kernels"
CHECKED = hasattr(os, "geteuid") and hasattr(os, "O_NOFOLLOW")
"""Whether the system says whose a file is, in a way that is understood here; Windows does not."""


class UnusableError(Exception):
    """There is no such folder, or not one that is safe: the message says why."""


def prepare() -> Path:
    """The folder, made if it is not there yet.

    Raises:
        UnusableError: There can be none, or what is there is not this user's alone.
    """
    if not CHECKED:
        raise UnusableError("on this system it is not checked who else may write a folder")
    folder = place()
    try:
        for part in reversed(folder.parents):
            _make(part)
        _check_parent(folder.parent)
        _make(folder)
    except OSError as error:
        raise UnusableError(f"{folder}: cannot be made: {error.strerror}") from None
    with opened(folder):
        return folder


def place() -> Path:
    """Where the folder is to be: in `VARIABLE`, or where the platform keeps what can be made again.

    Raises:
        UnusableError: The variable is empty, or there is no such place.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen == "":
        raise UnusableError(f"turned off ({VARIABLE} is empty)")
    if chosen is not None:
        above = expanded(chosen)
    else:
        from platformdirs import user_cache_path

        above = user_cache_path("evonas", appauthor=False)
    if not above.is_absolute():  # it would be another one in each working folder
        raise UnusableError(f"expected an absolute path, got {str(above)!r}")
    return above / NAME


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """The folder's descriptor, for use within.

    Raises:
        UnusableError: It is not there, or not this user's alone.
    """
    try:
        _check_parent(folder.parent)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        why = "is a symbolic link" if os.path.islink(folder) else f"cannot be opened: {error.strerror}"
        raise UnusableError(f"{folder}: {why}") from None
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            raise UnusableError(f"{folder}: belongs to another user")
        if mode := written_by_others(found.st_mode):
            raise UnusableError(f"{folder}: others may write to it ({mode}): chmod 700 {folder}")
        yield descriptor
    finally:
        os.close(descriptor)


def written_by_others(mode: int) -> str:
    """The permissions of a file or folder that its group or anybody may write; empty where they may not."""
    shared = mode & (stat.S_IWGRP | stat.S_IWOTH)
    return f"mode {stat.S_IMODE(mode):o}" if shared else ""


def _make(folder: Path) -> None:
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700, exist_ok=True)  # another process may be as far


def _check_parent(parent: Path) -> None:
    """Refuses a parent in which anybody can exchange folders; a group of the user's own is common there."""
    mode = parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise UnusableError(f"{parent}: anybody may write to it (mode {stat.S_IMODE(mode):o})")
