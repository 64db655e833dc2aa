"""How a worker process ended, in words that a person understands."""

from __future__ import annotations

import signal

SIGKILLED = -int(signal.SIGKILL)
"""Exit status of a process that was killed."""

KILLED = "was killed (SIGKILL), as the system does when memory runs out"
CRASHED = {
    signal.SIGSEGV: "crashed: segmentation fault (SIGSEGV) in compiled code",
    signal.SIGBUS: "crashed: bus error (SIGBUS), as when a mapped file or shared memory is gone",
    signal.SIGABRT: "crashed: compiled code gave up (SIGABRT)",
    signal.SIGFPE: "crashed: arithmetic error (SIGFPE) in compiled code",
    signal.SIGILL: "crashed: an instruction that this processor does not have (SIGILL)",
    signal.SIGKILL: KILLED,
    signal.SIGTERM: "was ended from outside (SIGTERM)",
}


def how_it_ended(status: int) -> str:
    """What an exit status means, after "the worker process".

    >>> how_it_ended(-11)
    'crashed: segmentation fault (SIGSEGV) in compiled code'
    >>> how_it_ended(3)
    'ended by itself with exit status 3'
    """
    if status >= 0:
        return f"ended by itself with exit status {status}"
    try:
        number = signal.Signals(-status)
    except ValueError:
        return f"was ended by signal {-status}"
    return CRASHED.get(number, f"was ended by {number.name}")
