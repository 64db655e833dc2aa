"""A limit of time for code that somebody else wrote."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.5
"""Seconds after which the signal comes again, should the code have swallowed the first one."""


class TimeLimitReached(BaseException):
    """The code has not returned within its limit.

    Args:
        seconds: The limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it had not returned after {seconds:g} s")


def enforceable() -> bool:
    """Whether a limit can be enforced here: in the main thread of a process that has signals."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stops what runs inside after so many seconds, by a signal.

    Elsewhere than in the main thread, or on a system without such signals, it does nothing; nor can it stop a
    single call into compiled code that does not come back to Python. A timer that is running already goes on
    afterwards.

    Args:
        seconds: Above 0; infinity for no limit.

    Raises:
        TimeLimitReached: The time is up.
    """
    if seconds == float("inf") or not enforceable():
        yield
        return
    active = True

    def stop(number: int, frame: FrameType | None) -> None:
        if active:
            raise TimeLimitReached(seconds)

    before, (left, interval) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    try:  # Ctrl-C may come between any two of these steps
        try:
            signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
            yield
        finally:
            active = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before)
