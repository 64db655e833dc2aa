"""Ctrl-C and SIGTERM, as a request to stop that is not lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody has asked to stop.

    Python drops an exception that a signal raises inside a destructor, so the wish is also kept here, and
    `check` raises it again at the next good place.
    """

    def __init__(self) -> None:
        self.made = False

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal."""
        self.made = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Stops here if that was asked for.

        Raises:
            KeyboardInterrupt: It was.
        """
        if self.made:
            raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[StopRequest]:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt while the body runs; afterwards they are as before."""
    request = StopRequest()
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
