"""Starting processes that do not import the user's ``__main__``.

Python's own way to start a fresh process runs the script that starts it once more, under another name. A
script that calls ``evonas.evolve(workers=4)`` outside of ``if __name__ == "__main__":`` would then search
again in each worker. These processes leave it alone.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import popen_spawn_posix, spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

from . import steady_clock

steady_clock.install()  # for whoever starts processes here

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
    def _launch(self, process: BaseProcess) -> None:
        with _without_main(), _without_interrupts():
            super()._launch(process)  # type: ignore[misc]


class _Process(SpawnProcess):
    @staticmethod
    def _Popen(process: BaseProcess) -> _Launch:  # noqa: N802 - Python's name
        return _Launch(process)


class HiddenMainContext(SpawnContext):
    """Fresh processes, which do not import ``__main__``."""

    Process = _Process
