"""What a worker has started, wherever in its process tree: all that is in the worker's session.

A worker leads a session, and with it a process group, so whatever it starts is in there, too, and stays in
there when who started it has ended; ``timeout`` and shells with job control make groups of their own, but no
sessions. What makes a session of its own (``setsid``, ``start_new_session=True``, a container) is not found.

Run as a file, this is the watcher that ends sessions when a search has died: see `watcher`. So nothing but
the standard library is imported, and nothing of evonas.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress

GRACE = 1.0
"""Seconds from SIGTERM, which lets a program tidy up or hand it on, to SIGKILL."""

PATIENCE = 4.0
"""Seconds in which workers whose search has died end by themselves, which lets them remove their files."""

GIVING_UP = 2.0
"""Seconds for which SIGKILL is repeated: what waits in the kernel (a disk, a GPU) ends when that answers."""

TURN = 0.02


def members(sessions: Collection[int]) -> set[int]:
    """Living processes of some sessions; those that have ended and wait to be heard of are none."""
    found = _members_by_proc(sessions) if os.path.exists("/proc/self/stat") else _members_by_ps(sessions)
    return set(found)


def end(sessions: Collection[int], grace: float = GRACE, spare: Collection[int] = ()) -> None:
    """Ends all processes of some sessions: SIGTERM, and a moment later SIGKILL.

    Args:
        sessions: By the process that led each.
        grace: Seconds between the two; 0 for SIGKILL at once.
        spare: Processes that are left alone.
    """
    if grace and (left := members(sessions).difference(spare)):
        _send(left, signal.SIGTERM)
        _wait_for(sessions, spare, grace)
    until = time.monotonic() + GIVING_UP
    # Again and again: one that was looked at later may have started another that was looked for before.
    while (left := members(sessions).difference(spare)) and time.monotonic() < until:
        _send(left, signal.SIGKILL)
        time.sleep(TURN)


def _wait_for(sessions: Collection[int], spare: Collection[int], seconds: float) -> None:
    until = time.monotonic() + seconds
    while members(sessions).difference(spare) and time.monotonic() < until:
        time.sleep(TURN)


def _send(processes: Collection[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):  # it has just ended; it is another user's (sudo)
            os.kill(process, number)


def _members_by_proc(sessions: Collection[int]) -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # it may have just ended
                # The name comes before, in parentheses, and may hold any byte.
                state, _, _, session = file.read().rpartition(b")")[2].split()[:4]
                if int(session) in sessions and state not in (b"Z", b"X"):
                    yield int(name)


def _members_by_ps(sessions: Collection[int]) -> Iterator[int]:
    """The same on macOS and BSDs."""
    import subprocess

    listing = subprocess.run(["ps", "-axo", "pid=,stat="], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        name, state = line.split(maxsplit=1)
        with suppress(OSError):
            if not state.startswith("Z") and os.getsid(int(name)) in sessions:
                yield int(name)


def attend() -> None:
    """Hears which workers there are, and ends their sessions when who says so has died."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.fork():
        os._exit(0)  # nobody's child: Ray kills those of a worker that it ends
    sessions: set[int] = set()
    for line in sys.stdin.buffer:
        (sessions.add if line.startswith(b"+") else sessions.discard)(int(line[1:]))
    until = time.monotonic() + PATIENCE
    while sessions & members(sessions) and time.monotonic() < until:
        time.sleep(TURN)
    end(sessions)


if __name__ == "__main__":
    attend()
