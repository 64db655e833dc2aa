"""A place where candidates run: a worker process, and what becomes of a task that is given to it."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

from pebble import ProcessExpired, ProcessPool

from ...evolution import Result
from .endings import SIGKILLED, how_it_ended
from .hidden_main import HiddenMainContext
from .parcel import WeightsAt
from .reports import read_report
from .usage import Meter, SlotUse
from .verdicts import STARTS, never_begun, too_late
from .worker import Equipment, begin, work


@dataclass
class Task:
    """A job on its way.

    Attributes:
        number: The candidate's.
        content: The job as it crosses.
        lent: Weights that were written for it alone.
        failures: How often it was begun in vain: its process died, or memory ran out.
        alone_in: Where it is to run with nothing else beside it; None where others may be there.
        since: When it was handed over.
        waited: Seconds until it began.
        begun: Whether it did, be it in vain.
    """

    number: int
    content: bytes
    lent: WeightsAt | None
    failures: int = 0
    alone_in: Group | None = None
    since: float = 0.0
    waited: float = 0.0
    begun: bool = False


@dataclass(frozen=True)
class Ended:
    """How a task ended.

    Attributes:
        result: What came of it.
        error: What is to be raised in the search, instead.
        again: It is to be begun again, for it did nothing wrong.
        fault: It was begun in vain, in words that follow "the worker process".
        alone: Whether it should have room for itself, should it be tried again.
        hopeless: Whether the error concerns every task.
    """

    result: Result | None = None
    error: BaseException | None = None
    again: bool = False
    fault: str = ""
    alone: bool = False
    hopeless: bool = False


EndedTask = Callable[["Slot", Task, Ended], None]


class Slot(ABC):
    """A place for one process, which is started when it is first needed.

    Args:
        name: What people call it.
        equipment: What its process begins with.
        ended: Called from some thread when a task has ended.
    """

    capacity = 1
    """Tasks that it takes at a time."""

    def __init__(self, name: str, equipment: Equipment, ended: EndedTask) -> None:
        self.name = name
        self.equipment = equipment
        self.tasks: dict[int, Task] = {}
        self._ended = ended
        self._meter = Meter()

    @property
    def free(self) -> bool:
        """Whether it takes another task."""
        return len(self.tasks) < self.capacity

    def take(self, task: Task) -> None:
        """Begins a task."""
        task.waited = time.monotonic() - task.since
        task.begun = True
        self.tasks[task.number] = task
        self._meter.enter()
        try:
            self._begin(task)
        except BaseException:
            self.let_go(task)
            raise

    def let_go(self, task: Task) -> None:
        """Forgets a task that has ended."""
        if self.tasks.pop(task.number, None) is not None:
            self._meter.leave()

    def use(self) -> SlotUse:
        """How busy it was."""
        return self._meter.use(self.name)

    @abstractmethod
    def _begin(self, task: Task) -> None: ...

    @abstractmethod
    def stop(self) -> None:
        """Ends the process without waiting for it."""

    @abstractmethod
    def join(self) -> None:
        """Waits until it has ended."""


class Group:
    """Slots that share memory: where one candidate is to be alone, all of them wait."""

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots

    @property
    def busy(self) -> bool:
        """Whether anything runs there."""
        return any(slot.tasks for slot in self.slots)

    @property
    def held(self) -> bool:
        """Whether something runs there that is to be alone."""
        return any(task.alone_in is self for slot in self.slots for task in slot.tasks.values())

    def place(self) -> Slot | None:
        """Where the next task begins: where the fewest are."""
        free = [slot for slot in self.slots if slot.free]
        return min(free, key=lambda slot: len(slot.tasks), default=None)


class SingleSlot(Slot):
    """A process for one candidate at a time; pebble's pool of one isolates it and enforces the timeout.

    Args:
        name: What people call it.
        equipment: What its process begins with.
        ended: Called from the pool's thread when a task has ended.
        timeout: Seconds after which a candidate has failed; None for no limit.
    """

    def __init__(self, name: str, equipment: Equipment, ended: EndedTask, timeout: float | None) -> None:
        super().__init__(name, equipment, ended)
        self._timeout = timeout
        self._pool: ProcessPool | None = None
        self._idle_deaths = 0

    def _begin(self, task: Task) -> None:
        if self._pool is None or not self._pool.active:
            self._pool = ProcessPool(1, 0, begin, (self.equipment,), HiddenMainContext())
        future: Future[bytes] = self._pool.schedule(work, (task.content,), timeout=self._timeout)
        future.add_done_callback(partial(self._done, task))

    def _done(self, task: Task, future: Future[bytes]) -> None:
        try:
            ended = self._outcome(future)
        except BaseException as error:  # nobody would hear of it in that thread
            ended = Ended(error=error)
        self._ended(self, task, ended)

    def _outcome(self, future: Future[bytes]) -> Ended:
        try:
            report = read_report(future.result())
        except ProcessExpired as error:
            return Ended(fault=how_it_ended(error.exitcode), alone=error.exitcode == SIGKILLED)
        except (BrokenProcessPool, CancelledError):
            self._idle_deaths += 1
            return never_began(self._idle_deaths)
        except TimeoutError:
            return Ended(too_late(self._timeout or 0.0))
        except Exception as error:
            return Ended(error=error)
        self._idle_deaths = 0
        if report.fatal:
            self._begin_anew()
            return Ended(fault=f"had to be ended: {report.result.reason}")
        return Ended(report.read())

    def _begin_anew(self) -> None:
        """Lets go of a process that can do nothing more; the next task has another."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            threading.Thread(target=pool.join, daemon=True).start()  # this is the pool's own thread

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]

    def join(self) -> None:
        if self._pool is not None:
            self._pool.join()


def never_began(times: int, how: str = "") -> Ended:
    """What becomes of a task whose process died before it began.

    Args:
        times: In a row.
        how: The last one did, where that is known.
    """
    if times < STARTS:
        return Ended(again=True)
    return Ended(error=never_begun(how), hopeless=True)
