"""A process that works together with others: what it runs, and what it sends to the one that started it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..search import reason_of, wants_memory
from ..search.executors import end_with_parent, unpack
from .trainer import DivergenceError

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


# -- what it sends ----------------------------------------------------------------------------------


class RemoteError(Exception):
    """Where in a rank something was raised, as text: the cause of what is raised here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@dataclass(frozen=True)
class Done:
    """What its work returned."""

    value: Any


@dataclass(frozen=True)
class Said:
    """Something on the way."""

    value: Any


@dataclass(frozen=True)
class Failed:
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
    def of(cls, error: BaseException) -> Failed:
        trace = "".join(traceback.format_exception(error))
        text = str(error)
        for kind in (DivergenceError, UserError, MemoryError):
            if isinstance(error, kind):
                return cls(kind, text, trace, False)
        if wants_memory(text):
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
        error.__cause__ = RemoteError(self.trace)
        return error


# -- what it runs -----------------------------------------------------------------------------------


def be_a_rank(content: bytes, place: Place, patience: float, pipe: Connection) -> None:
    """What a rank's process runs; it ends when the pipe is closed at the other end."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # there is nothing to tidy up
    threading.Thread(target=end_with_parent, args=(place.folder,), daemon=True).start()
    try:
        work: Work[Any] = unpack(content)
        _join_group(place, patience)
        end: Done | Failed = Done(work(place, lambda value: pipe.send(Said(value))))
    except Exception as error:
        end = Failed.of(error)
    pipe.send(end)
    # Until it is told to go its connections stay open: the others must not lose it before they have done
    # their work, nor report that they lost it before it is known why.
    pipe.poll(None)
    if isinstance(end, Done):
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
