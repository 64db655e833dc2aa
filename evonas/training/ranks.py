"""Processes that do one piece of work together, one on each device of this machine.

They are joined in a process group of `torch.distributed` (NCCL on CUDA, Gloo on CPUs) and are called ranks.
The process that starts them is none of them: it only listens, so it hears of Ctrl-C and of a rank that died
while the others wait for one another in compiled code, and ends them all.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..evaluation import OUT_OF_MEMORY, reason_of
from ..executors.endings import how_it_ended
from ..executors.hidden_main import HiddenMainContext
from ..executors.parcel import pack, unpack
from ..executors.worker import end_with_parent
from .trainer import DivergenceError

PATIENCE = 600.0
"""Seconds that a rank waits for the others before it gives up."""

GRACE = 5.0
"""Seconds in which a rank that lost the others may turn out to have been left by one that died."""

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where a rank works.

    Attributes:
        rank: Its number, from 0.
        ranks: How many there are.
        device: Its own.
        folder: Where ranks leave files for the process that started them.
    """

    rank: int
    ranks: int
    device: str
    folder: Path

    def __str__(self) -> str:
        return f"the process on {self.device} ({self.rank + 1} of {self.ranks})"


Say = Callable[[Any], None]
Work = Callable[[Place, Say], T]
"""What a rank does, within the process group; it may say something on the way, and returns plain values."""


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
    folder = Path(tempfile.mkdtemp(prefix="evonas-"))
    try:
        content = pack(work, "devices", folder)
        places = [Place(rank, len(devices), device, folder) for rank, device in enumerate(devices)]
        with _Team() as team:
            for place in places:
                team.start(place, content, patience)
            return team.listen(hear)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- the process that starts them ------------------------------------------------------------------


class _RemoteError(Exception):
    """Where in a rank something was raised, as text: the cause of what is raised here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@dataclass(frozen=True)
class _Done:
    value: Any


@dataclass(frozen=True)
class _Said:
    value: Any


@dataclass(frozen=True)
class _Failed:
    """What a rank raised.

    Attributes:
        kind: What is raised again; None for what nobody foresaw.
        text: What it said.
        trace: Where.
        lost: Whether it failed because the others were gone.
    """

    kind: type[Exception] | None
    text: str
    trace: str
    lost: bool

    @classmethod
    def of(cls, error: BaseException) -> _Failed:
        trace = "".join(traceback.format_exception(error))
        text = str(error)
        for kind in (DivergenceError, UserError, MemoryError):
            if isinstance(error, kind):
                return cls(kind, text, trace, False)
        if any(words in text.lower() for words in OUT_OF_MEMORY):
            return cls(MemoryError, text.partition("\n")[0], trace, False)
        return cls(None, reason_of(error), trace, _is_loss(error))

    def error(self, place: Place) -> Exception:
        """What the process that started the rank raises."""
        if self.kind is not None:
            error = self.kind(self.text)
        elif self.lost:
            error = UserError(f"devices: {place} waited for the others in vain: {self.text}")
        else:
            error = UserError(f"devices: {place} failed: {self.text}")
        error.__cause__ = _RemoteError(self.trace)
        return error


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
            target=_be_a_rank, args=(content, place, patience, theirs), daemon=True, name=str(place)
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
                if isinstance(message, _Said):
                    hear(message.value)
                elif isinstance(message, _Done):
                    self._values[place.rank] = message.value
                elif message.lost:
                    raise self._who_left() or message.error(place)
                else:
                    raise message.error(place)
        return [self._values[rank] for rank in sorted(self._values)]

    def _messages(self, timeout: float | None) -> list[tuple[Place, _Said | _Done | _Failed]]:
        """What ranks have sent, at least something unless time is up.

        Raises:
            UserError: A rank died.
        """
        found: list[tuple[Place, _Said | _Done | _Failed]] = []
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
                if isinstance(message, _Failed) and not message.lost:
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


# -- a rank ----------------------------------------------------------------------------------------


def _be_a_rank(content: bytes, place: Place, patience: float, pipe: Connection) -> None:
    """What a rank's process runs; it ends when the pipe is closed at the other end."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # there is nothing to tidy up
    threading.Thread(target=end_with_parent, args=(place.folder,), daemon=True).start()
    try:
        work: Work[Any] = unpack(content)
        _join_group(place, patience)
        end: _Done | _Failed = _Done(work(place, lambda value: pipe.send(_Said(value))))
    except Exception as error:
        end = _Failed.of(error)
    pipe.send(end)
    # Until it is told to go its connections stay open: the others must not lose it before they have done
    # their work, nor report that they lost it before it is known why.
    pipe.poll(None)
    if isinstance(end, _Done):
        _leave_group()


def _join_group(place: Place, patience: float) -> None:
    import torch
    from torch import distributed

    on_cuda = place.device.startswith("cuda")
    if on_cuda:
        torch.cuda.set_device(place.device)
    elif loopback := _loopback():
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)  # nobody else needs to reach it
    distributed.init_process_group(
        "nccl" if on_cuda else "gloo",
        # They meet in a file of a private folder: no port is open to others, none can be taken already.
        store=distributed.FileStore(str(place.folder / "meeting"), place.ranks),  # type: ignore[attr-defined]
        rank=place.rank,
        world_size=place.ranks,
        timeout=timedelta(seconds=patience),
        device_id=torch.device(place.device) if on_cuda else None,
    )


def _leave_group() -> None:
    from torch import distributed

    distributed.destroy_process_group()


def _loopback() -> str | None:
    """The network interface that leads back to this machine, as Linux and macOS call it."""
    names = {name for _, name in socket.if_nameindex()}
    return next((name for name in ("lo", "lo0") if name in names), None)


def _is_loss(error: BaseException) -> bool:
    """Whether an exception says that another rank is gone, or does not answer."""
    from torch import distributed

    text = str(error).lower()
    said = isinstance(error, RuntimeError) and ("gloo" in text or "nccl" in text)
    return said or isinstance(error, distributed.DistError)
