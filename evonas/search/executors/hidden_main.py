"""Starting processes that do not import the user's ``__main__``, and that leave nothing behind.

Python's own way to start a fresh process runs the script that starts it once more, under another name. A
script that calls ``evonas.evolve(workers=4)`` outside of ``if __name__ == "__main__":`` would then search
again in each worker. These processes leave it alone. Each leads a session, so that what it has started is
found and ended when it ends, in whatever way (`sessions`), or when this process does (`watcher`).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, popen_spawn_posix, spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

from . import huge_pages, sessions, steady_clock, watcher
from .reading import check_may_start

steady_clock.install()  # for whoever starts processes here

TURN = 0.1
"""Seconds until a process that has ended is seen whose forked children live on."""

_launching = threading.Lock()


@contextmanager
def _without_main() -> Iterator[None]:
    """What this thread launches is not told which script is running."""
    thread = threading.get_ident()
    with _launching:
        original = spawn.get_preparation_data

        def prepare(name: str) -> dict[str, Any]:
            data = original(name)
            if threading.get_ident() == thread:
                for key in ("init_main_from_name", "init_main_from_path"):
                    data.pop(key, None)
            return data

        spawn.get_preparation_data = prepare
        try:
            yield
        finally:
            spawn.get_preparation_data = original


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is launched never hears of Ctrl-C, not even while it starts: who started it ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Launch(popen_spawn_posix.Popen):
    def __init__(self, process: BaseProcess) -> None:
        self._grace = sessions.GRACE
        self._left = True  # what it has started may be there
        self._ending = threading.RLock()  # a signal's handler may come here, too
        super().__init__(process)

    def _launch(self, process: BaseProcess) -> None:
        check_may_start()
        with _without_main(), _without_interrupts():
            with huge_pages.asked_for():
                super()._launch(process)  # type: ignore[misc]
            watcher.watch(self.pid)

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """Whether it has ended; what it had started has ended then, too."""
        status: int | None = super().poll(flag)
        if status is not None:
            with self._ending:
                if self._left:
                    # Its number stays taken while anything is in its session.
                    sessions.end({self.pid}, self._grace)
                    watcher.forget(self.pid)
                    self._left = False
        return status

    def wait(self, timeout: float | None = None) -> int | None:
        """Waits for its end, which what it has forked does not hide: that has its end of the pipe, too."""
        if timeout is None:
            return super().wait()
        until = time.monotonic() + timeout
        while (status := self.poll()) is None and (left := until - time.monotonic()) > 0:
            connection.wait([self.sentinel], min(left, TURN))
        return status

    def kill(self) -> None:
        """Ends it at once, and so what it has started."""
        self._grace = 0.0
        super().kill()


class _Process(SpawnProcess):
    @staticmethod
    def _Popen(process: BaseProcess) -> _Launch:  # noqa: N802 - Python's name
        return _Launch(process)

    def run(self) -> None:
        os.setsid()  # before it does anything that somebody else has written
        super().run()


class HiddenMainContext(SpawnContext):
    """Fresh processes, which do not import ``__main__``, and with which all that they start ends."""

    Process = _Process
