"""Ctrl-C and SIGTERM, as a request to stop that is not lost; at a second one everything ends at once.

With patience, one comes before those: then no more is begun, and what was begun is finished.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from .errors import INTERRUPTED

SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOMENT = 1.0
"""Seconds, at most, in which killed workers end."""


FINISHING = "no candidate begins any more; those being evaluated are waited for (Ctrl-C drops them)"


class StopRequest:
    """Whether somebody has asked to stop.

    Python drops an exception that a signal raises inside a destructor, so the wish is also kept here, and
    `check` raises it again at the next good place.

    Args:
        patient: Whether the first signal lets what has begun be finished.

    Attributes:
        made: Whether somebody has.
        finishing: Whether somebody has, with patience.
        farewell: What is printed where a second signal ends the process at once.
    """

    def __init__(self, patient: bool = False) -> None:
        self.patient = patient
        self.finishing = False
        self.made = False
        self.farewell = "left at once"

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal: the first one stops in good order, the next one at once."""
        if self.made:
            leave(self.farewell)
        if self.patient and not self.finishing:
            self.finishing = True
            os.write(2, f"\n{FINISHING}\n".encode())  # whatever holds the locks of print
            return
        self.made = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Stops here if that was asked for.

        Raises:
            KeyboardInterrupt: It was.
        """
        if self.made:
            raise KeyboardInterrupt


def leave(farewell: str) -> NoReturn:
    """Ends this process and its workers, without waiting for what they do; no temporary files are left."""
    children = multiprocessing.active_children()
    for child in children:
        child.kill()
    end = time.monotonic() + MOMENT
    for child in children:  # one that is being ended still writes to the files
        child.join(max(0.0, end - time.monotonic()))
    if (scratch := sys.modules.get("evonas.search.executors.scratch")) is not None:
        scratch.discard_all()
    finalizers = getattr(multiprocessing.util, "_run_finalizers", None)
    if finalizers is not None:
        finalizers(0)  # unlinks semaphores, as at any exit
    os.write(2, f"\n{farewell}\n".encode())  # whatever holds the locks of print
    os._exit(INTERRUPTED)


@contextmanager
def stoppable(patient: bool = False) -> Iterator[StopRequest]:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt while the body runs; afterwards they are as before.

    Args:
        patient: Whether the first one is only noted.
    """
    request = StopRequest(patient)
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may set handlers
        return
    before: dict[signal.Signals, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number in SIGNALS:
            if before[number] is not signal.SIG_IGN:  # as nohup and shells set it for background jobs
                signal.signal(number, request.receive)
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
