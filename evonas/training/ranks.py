"""Processes that do one piece of work together, one on each device of this machine.

They are joined in a process group of `torch.distributed` (NCCL on CUDA, Gloo on CPUs) and are called ranks.
The process that starts them is none of them: it only listens, so it hears of Ctrl-C and of a rank that died
while the others wait for one another in compiled code, and ends them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ..errors import UserError
from ..search.executors import HiddenMainContext, discard, how_it_ended, pack, scratch_folder
from .rank import Done, Failed, Place, Said, Work, be_a_rank

PATIENCE = 600.0
"""Seconds that a rank waits for the others before it gives up."""

GRACE = 5.0
"""Seconds in which a rank that lost the others may turn out to have been left by one that died."""

T = TypeVar("T")


def run_together(
    work: Work[T],
    devices: Sequence[str],
    hear: Callable[[Any], None] = lambda said: None,
    patience: float = PATIENCE,
) -> list[T]:
    """Lets processes work together and waits for them; none is left behind, however it ends.

    Args:
        work: What each does. It is sent to them, its large arrays as files that they map.
        devices: With a process each.
        hear: Called with what any of them says.
        patience: Seconds that one waits for the others.

    Returns:
        What each returned, in the order of the devices.

    Raises:
        DivergenceError: A rank raised it; so with UserError, and MemoryError where memory ran out.
        UserError: The work cannot be sent, or a rank died or raised something else.
    """
    folder = scratch_folder()
    try:
        content = pack(work, "devices", folder)
        places = [Place(rank, len(devices), device, folder) for rank, device in enumerate(devices)]
        with _Team() as team:
            for place in places:
                team.start(place, content, patience)
            return team.listen(hear)
    finally:
        discard(folder)


class _Team:
    """The ranks, as the process that started them sees them."""

    def __init__(self) -> None:
        self._context = HiddenMainContext()
        self._members: dict[Connection, tuple[Place, BaseProcess]] = {}
        self._values: dict[int, Any] = {}

    def __enter__(self) -> _Team:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for pipe in self._members:
            pipe.close()  # whoever has done its work is waiting for this
        _end([process for _, process in self._members.values()], at_once=kind is not None)

    def start(self, place: Place, content: bytes, patience: float) -> None:
        """Starts a rank."""
        mine, theirs = self._context.Pipe()
        # A daemon: should the clean-up be interrupted, Python ends it at exit instead of waiting for it.
        process = self._context.Process(
            target=be_a_rank, args=(content, place, patience, theirs), daemon=True, name=str(place)
        )
        process.start()
        theirs.close()
        self._members[mine] = (place, process)

    def listen(self, hear: Callable[[Any], None]) -> list[Any]:
        """Waits until all have done their work.

        Raises:
            DivergenceError: Like whatever else a rank raised.
            UserError: A rank died.
        """
        while len(self._values) < len(self._members):
            for place, message in self._messages(None):
                if isinstance(message, Said):
                    hear(message.value)
                elif isinstance(message, Done):
                    self._values[place.rank] = message.value
                elif message.lost:
                    raise self._who_left() or message.error(place)
                else:
                    raise message.error(place)
        return [self._values[rank] for rank in sorted(self._values)]

    def _messages(self, timeout: float | None) -> list[tuple[Place, Said | Done | Failed]]:
        """What ranks have sent, at least something unless time is up.

        Raises:
            UserError: A rank died.
        """
        found: list[tuple[Place, Said | Done | Failed]] = []
        ready = wait(list(self._members), timeout)
        for pipe, (place, process) in self._members.items():
            if pipe not in ready:
                continue
            try:
                found.append((place, pipe.recv()))
            except (EOFError, ConnectionResetError):
                process.join()
                ending = how_it_ended(process.exitcode or 0)
                raise UserError(f"devices: {place} {ending}; the others were ended") from None
        return found

    def _who_left(self) -> Exception | None:
        """Why a rank lost the others, where that turns out soon."""
        end = time.monotonic() + GRACE
        while (left := end - time.monotonic()) > 0:
            try:
                messages = self._messages(left)
            except UserError as error:
                return error
            for place, message in messages:
                if isinstance(message, Failed) and not message.lost:
                    return message.error(place)
        return None


def _end(processes: Sequence[BaseProcess], at_once: bool) -> None:
    """Ends processes, gently unless something went wrong."""
    for end, seconds in ((None, 0.0 if at_once else 10.0), ("terminate", 3.0), ("kill", 3.0)):
        until = time.monotonic() + seconds
        for process in processes:
            if end is not None and process.is_alive():
                getattr(process, end)()
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
