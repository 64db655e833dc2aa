"""Evaluating in worker processes of this machine, which are started once and outlived by the search."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial

from pebble import ProcessExpired, ProcessPool

from ..candidate import FAILED, Result
from ..errors import UserError
from ..evaluation import Evaluator, Job
from .base import Executor
from .endings import how_it_ended
from .hidden_main import HiddenMainContext
from .parcel import JobSent, WeightsAt, lend, pack
from .scratch import discard, scratch_folder
from .worker import Equipment, Report, begin, work

TRIES = 2
"""How often a candidate is begun whose worker process dies."""

STARTS = 3
"""How often in a row a worker may die before it has begun anything."""


@dataclass
class _Task:
    """A job on its way.

    Attributes:
        number: The candidate's.
        content: The job as it crosses.
        lent: Weights that were written for it alone.
        deaths: Worker processes that died over it.
    """

    number: int
    content: bytes
    lent: WeightsAt | None
    deaths: int = 0


@dataclass
class _Slot:
    """A place for one worker process, which is started when it is first needed.

    Attributes:
        equipment: What its worker begins with.
        pool: Of this one process: it starts another where one died, and stops one that takes too long.
        task: What it works on.
        deaths: Of workers in a row that had begun nothing.
        began: When the task was handed over.
        busy: Seconds of work in all.
    """

    equipment: Equipment
    pool: ProcessPool | None = None
    task: _Task | None = None
    deaths: int = 0
    began: float = 0.0
    busy: float = 0.0

    def begin(self, task: _Task, timeout: float | None) -> Future[Report]:
        """Hands a task to the worker."""
        if self.pool is None or not self.pool.active:
            self.pool = ProcessPool(1, 0, begin, (self.equipment,), HiddenMainContext())
        self.task, self.began = task, time.monotonic()
        future: Future[Report] = self.pool.schedule(work, (task.content,), timeout=timeout)
        return future

    def end(self) -> None:
        """Notes that the task has ended."""
        self.busy += time.monotonic() - self.began
        self.task = None


@dataclass(frozen=True)
class _Ended:
    """How a task ended: with a result, with what is raised to the search, or to be begun again."""

    result: Result | None = None
    error: BaseException | None = None
    again: bool = field(default=False)


class ProcessExecutor(Executor):
    """Evaluates in worker processes, one for each slot.

    A worker imports, builds the evaluator and maps the images once. One that is killed, crashes or hangs
    costs the candidate that it works on, at most: it is begun again once after a death, and recorded as
    failed with the reason after another. Results do not depend on how many slots there are.

    Args:
        evaluator: Its large arrays are written to a file, which the workers map instead of copying.
        slots: A device for each worker; None as the evaluator has it.
        timeout: Seconds after which a candidate has failed; None for no limit.
        files: Python files with genomes and morphisms of the user's own.

    Raises:
        UserError: The evaluator cannot be sent to another process.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        slots: Sequence[str | None],
        timeout: float | None = None,
        files: Sequence[str] = (),
    ) -> None:
        self.timeout = timeout
        self.folder = scratch_folder()
        try:
            packed = pack(evaluator, "evaluate", self.folder)
        except BaseException:
            discard(self.folder)
            raise
        equipment = [Equipment(packed, tuple(files), device, self.folder) for device in slots]
        self._slots = [_Slot(one) for one in equipment]
        self._waiting: deque[_Task] = deque()
        self._done: dict[int, Result | BaseException] = {}  # in the order of ending
        self._changed = threading.Condition()
        self._hopeless: BaseException | None = None
        self._closed = False

    @property
    def slots(self) -> int:
        return len(self._slots)

    def submit(self, job: Job) -> None:
        weights, lent = self._weights(job)
        content = pack(JobSent.of(job, weights), f"candidate {job.number}", self.folder)
        with self._changed:
            self._waiting.append(_Task(job.number, content, lent))
            self._dispatch()

    def result(self, number: int) -> Result:
        with self._changed:
            while number not in self._done:
                self._wait()
            found = self._done.pop(number)
        if isinstance(found, BaseException):
            raise found
        return found

    def next_ended(self) -> int:
        with self._changed:
            while not self._done:
                self._wait()
            return next(iter(self._done))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
        pools = [slot.pool for slot in self._slots if slot.pool is not None]
        for pool in pools:
            pool.stop()  # type: ignore[no-untyped-call]
        for pool in pools:
            pool.join()
        discard(self.folder)

    # -- jobs on their way ------------------------------------------------------------------------

    def _weights(self, job: Job) -> tuple[WeightsAt | None, WeightsAt | None]:
        """Where a job's weights are, and the same where the file was written for it alone."""
        if job.parent is not None and job.parent.kept is not None:
            return WeightsAt(*job.parent.kept), None
        weights = job.shared.weights if job.shared is not None else None
        if job.parent is not None:
            weights = job.parent.load_weights()
        if not weights:
            return None, None
        lent = lend(weights, self.folder, f"lent{job.number}")
        return lent, lent

    def _wait(self) -> None:
        if self._hopeless is not None:
            raise self._hopeless
        self._changed.wait()

    def _dispatch(self) -> None:
        """Gives waiting jobs to idle workers, the oldest first."""
        for slot in self._slots:
            if self._closed or not self._waiting:
                return
            if slot.task is None:
                task = self._waiting.popleft()
                slot.begin(task, self.timeout).add_done_callback(partial(self._ended, slot, task))

    def _ended(self, slot: _Slot, task: _Task, future: Future[Report]) -> None:
        """Called by the pool's thread when a task has ended, in whatever way."""
        try:
            ended = self._outcome(slot, task, future)
        except BaseException as error:  # nobody would hear of it in that thread
            ended = _Ended(error=error)
        with self._changed:
            slot.end()
            if ended.again:
                self._waiting.appendleft(task)
            elif not self._closed:
                self._done[task.number] = (
                    ended.result or ended.error or UserError("workers: nothing came back")
                )
            try:
                self._dispatch()
            except BaseException as error:
                self._hopeless = error
            self._changed.notify_all()
        if task.lent is not None and not ended.again:
            task.lent.remove()

    def _outcome(self, slot: _Slot, task: _Task, future: Future[Report]) -> _Ended:
        try:
            result = future.result().read()
        except ProcessExpired as error:
            return self._died(task, how_it_ended(error.exitcode))
        except (BrokenProcessPool, CancelledError):
            return self._died_idle(slot)
        except TimeoutError:
            result = Result(FAILED, reason=f"no result within {self.timeout:g} s (timeout)")
        except Exception as error:
            return _Ended(error=error)
        slot.deaths = 0
        return _Ended(result)

    @staticmethod
    def _died(task: _Task, how: str) -> _Ended:
        task.deaths += 1
        if task.deaths < TRIES:
            return _Ended(again=True)
        return _Ended(Result(FAILED, reason=f"the worker process {how}; so did another that tried it"))

    def _died_idle(self, slot: _Slot) -> _Ended:
        """A worker died that had begun nothing: another begins, unless that happens again and again."""
        slot.deaths += 1
        if slot.deaths < STARTS or self._closed:
            return _Ended(again=not self._closed)
        error = UserError(f"workers: {slot.deaths} worker processes in a row died before they began")
        self._hopeless = error
        return _Ended(error=error)
