"""The watcher: a process that ends workers, and what they have started, when this process has died.

It reads from a pipe that this process alone writes to, and which therefore ends with it, however it ends. (A
signal at the parent's death, which Linux has, comes when the thread that started the worker ends, and never
to what the worker has started.) There is one while there are workers.
"""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import suppress
from multiprocessing import spawn

from . import sessions

_guard = threading.RLock()  # a signal's handler may come here, too
_watched: set[int] = set()
_pipe: int | None = None


def watch(session: int) -> None:
    """Has a session ended when this process dies."""
    with _guard:
        _watched.add(session)
        _tell(b"+%d\n" % session)


def forget(session: int) -> None:
    """Lets go of a session that has ended; with the last one the watcher ends."""
    global _pipe
    with _guard:
        _watched.discard(session)
        if _watched:
            _tell(b"-%d\n" % session)
        elif _pipe is not None:
            pipe, _pipe = _pipe, None
            os.close(pipe)


def _tell(word: bytes) -> None:
    global _pipe
    if _pipe is not None:
        try:
            os.write(_pipe, word)
            return
        except BrokenPipeError:  # somebody has ended it
            os.close(_pipe)
    _pipe = _start()
    for session in _watched:
        os.write(_pipe, b"+%d\n" % session)


def _start() -> int:
    """Starts a watcher, apart from this terminal, folder and process group; the pipe to it."""
    theirs, mine = os.pipe()  # which no program that is started inherits
    words = [os.fsdecode(spawn.get_executable()), "-I", "-S", sessions.__file__]
    nowhere = subprocess.DEVNULL
    try:
        subprocess.run(
            words, stdin=theirs, stdout=nowhere, stderr=nowhere, cwd="/", start_new_session=True, check=True
        )
    except BaseException:
        os.close(mine)
        raise
    finally:
        os.close(theirs)
    return mine


def _after_fork() -> None:
    """A process that was forked from this one has no workers, and must not hold the pipe open."""
    global _guard, _pipe
    _guard = threading.RLock()
    _watched.clear()
    if _pipe is not None:
        pipe, _pipe = _pipe, None
        with suppress(OSError):
            os.close(pipe)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
