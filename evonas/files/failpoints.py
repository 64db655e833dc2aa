"""Named places in the code where a test lets things go wrong: a kill, or an error of the system.

``EVONAS_FAIL="weights.flushed:3=kill"`` kills the process when it comes to that place for the third time;
several are separated by commas. What may go wrong: ``kill`` (SIGKILL to this process), ``full`` (a disk
without space), ``readonly``, ``io`` (a failing flush), ``exit``. Without the variable a place costs one look
at a dictionary that is empty. Names are in `PLACES`.
"""

from __future__ import annotations

import errno
import os
import signal

from ..errors import UserError, nearest

VARIABLE = "EVONAS_FAIL"

PLACES = (
    "run.locked",  # the folder is there, and nobody else may write
    "journal.built",  # the file of a new run, before it has its name
    "journal.named",  # and after
    "run.begun",  # the folder is whole, nothing was asked
    "run.swept",  # a resumed run, leftovers removed
    "search.replayed",  # a resumed run, where the journal ends
    "search.asked",  # proposals of a turn, not committed
    "journal.commit",  # a turn's notes, not committed
    "journal.committed",  # and committed, nothing told to anyone
    "search.removed",  # dropped weights are unlinked
    "search.submitted",  # candidates handed over
    "worker.begun",  # in a worker: a job was read
    "worker.done",  # in a worker: evaluated, nothing handed back
    "worker.lent",  # in a worker: its weights are in a file
    "search.result",  # a result is here, nothing of it noted
    "weights.written",  # a file under its temporary name, not flushed
    "weights.flushed",  # flushed, not renamed
    "weights.named",  # renamed, the folder not flushed
    "search.told",  # noted and told, not committed
)
"""Every place, in the order in which a candidate passes them."""

_ERRORS = {"full": errno.ENOSPC, "readonly": errno.EROFS, "io": errno.EIO}
ACTIONS = ("kill", "exit", *_ERRORS)


def _read(text: str) -> dict[str, tuple[int, str]]:
    """What the variable asks for: for each place, how many visits until what happens."""
    found = {}
    for part in filter(None, text.split(",")):
        where, _, action = part.partition("=")
        place, _, times = where.partition(":")
        if place not in PLACES:
            raise UserError(f"{VARIABLE}: {place!r} is unknown; {nearest(place, PLACES)}")
        if action not in ACTIONS or not (times or "1").isdecimal():
            raise UserError(f"{VARIABLE}: expected PLACE:TIMES={'|'.join(ACTIONS)}, got {part!r}")
        found[place] = int(times or "1"), action
    return found


_armed = _read(os.environ.get(VARIABLE, ""))


def arm(text: str) -> None:
    """Sets what goes wrong in this process from here on, in the variable's form; empty: nothing."""
    _armed.clear()
    _armed.update(_read(text))


def reach(place: str) -> None:
    """Comes to a place, where something may go wrong.

    Raises:
        OSError: What was asked for.
    """
    if not _armed or place not in _armed:
        return
    times, action = _armed[place]
    if times > 1:
        _armed[place] = times - 1, action
        return
    del _armed[place]
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "exit":
        os._exit(1)
    code = _ERRORS[action]
    raise OSError(code, os.strerror(code))
