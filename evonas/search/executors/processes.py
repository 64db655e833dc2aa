"""Evaluating in worker processes of this machine, which are started once and outlived by the search."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from ...evolution import Result
from ..evaluation import Evaluator, Job
from .base import Executor
from .packed import PackedSlot
from .parcel import JobSent, WeightsAt, lend, lent_path, pack, result_path
from .scratch import discard, scratch_folder
from .slots import Ended, Group, SingleSlot, Slot, Task
from .usage import Usage
from .verdicts import TRIES, died_again, tried_alone, with_wait
from .worker import Equipment


@dataclass(frozen=True)
class Place:
    """What is to run where.

    Attributes:
        device: Where it evaluates; None as the evaluator has it.
        capacity: Candidates at a time, in one process.
        memory: Bytes that these may take together; None for what the device has.
    """

    device: str | None = None
    capacity: int = 1
    memory: int | None = None


class ProcessExecutor(Executor):
    """Evaluates in worker processes, one for each place.

    A worker imports, builds the evaluator and maps the images once. One that is killed, crashes or hangs
    costs the candidate that it works on, at most: it is begun again once after a death, and recorded as
    failed with the reason after another. So is one that runs out of memory, or whose process was killed as
    the system does then; it has the device, or all workers' share of the machine, for itself the second time.
    Results do not depend on how many places there are.

    Args:
        evaluator: Its large arrays are written to a file, which the workers map instead of copying.
        places: One for each worker.
        timeout: Seconds after which a candidate has failed; None for no limit.
        files: Python files with genomes and morphisms of the user's own.

    Raises:
        UserError: The evaluator cannot be sent to another process.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        places: Sequence[Place],
        timeout: float | None = None,
        files: Sequence[str] = (),
    ) -> None:
        self.folder = scratch_folder()
        try:
            packed = pack(evaluator, "evaluate", self.folder)
        except BaseException:
            discard(self.folder)
            raise
        self._groups = _groups(
            [
                (place.device, self._slot(n, place, packed, tuple(files), timeout))
                for n, place in enumerate(places)
            ]
        )
        self._began = time.monotonic()
        self._waited = 0.0
        self._waiting: deque[Task] = deque()
        self._done: dict[int, Result | BaseException] = {}  # in the order of ending
        self._changed = threading.Condition()
        self._hopeless: BaseException | None = None
        self._closed = False

    def _slot(
        self, number: int, place: Place, packed: bytes, files: tuple[str, ...], timeout: float | None
    ) -> Slot:
        equipment = Equipment(packed, files, place.device, self.folder)
        name = f"worker {number + 1}" + (f" on {place.device}" if place.device else "")
        if place.capacity == 1:
            return SingleSlot(name, equipment, self._ended, timeout)
        return PackedSlot(name, equipment, self._ended, timeout, place.capacity, place.memory)

    @property
    def slots(self) -> int:
        return sum(slot.capacity for group in self._groups for slot in group.slots)

    def usage(self) -> Usage:
        with self._changed:
            uses = tuple(slot.use() for group in self._groups for slot in group.slots)
            return Usage(time.monotonic() - self._began, uses, self._waited)

    def submit(self, job: Job) -> None:
        weights, lent = self._weights(job)
        content = pack(JobSent.of(job, weights), f"candidate {job.number}", self.folder)
        with self._changed:
            self._waiting.append(Task(job.number, content, lent, since=time.monotonic()))
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

    def begun(self) -> Set[int]:
        with self._changed:
            running = {number for group in self._groups for slot in group.slots for number in slot.tasks}
            again = {task.number for task in self._waiting if task.begun}
            return running | again | set(self._done)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
        slots = [slot for group in self._groups for slot in group.slots]
        for slot in slots:
            slot.stop()
        # Side by side, since each may wait for programs that take their time.
        with ThreadPoolExecutor(max(1, len(slots))) as threads:
            for _ in threads.map(lambda slot: slot.join(), slots):
                pass
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
        lent = lend(weights, lent_path(self.folder, job.number))
        return lent, lent

    def _wait(self) -> None:
        if self._hopeless is not None:
            raise self._hopeless
        self._changed.wait()

    def _dispatch(self) -> None:
        """Gives waiting tasks to free slots, the oldest first; one that is to be alone waits until it is."""
        for group in self._groups:
            alone = next((task for task in self._waiting if task.alone_in is group), None)
            if alone is not None and not group.busy and not self._closed:
                self._begin(group.slots[0], alone)
        while not self._closed:
            task = next((task for task in self._waiting if self._may_begin(task)), None)
            slot = self._place()
            if task is None or slot is None:
                return
            self._begin(slot, task)

    def _may_begin(self, task: Task) -> bool:
        return task.alone_in is None and (task.begun or not self.enough())

    def _place(self) -> Slot | None:
        """Where the next task may begin: in the slot with the fewest, where nobody is to be alone."""
        reserved = {id(task.alone_in) for task in self._waiting}
        places = [group.place() for group in self._groups if id(group) not in reserved and not group.held]
        return min(
            (slot for slot in places if slot is not None), key=lambda slot: len(slot.tasks), default=None
        )

    def _begin(self, slot: Slot, task: Task) -> None:
        self._waiting.remove(task)
        slot.take(task)
        self._waited += task.waited

    def _ended(self, slot: Slot, task: Task, ended: Ended) -> None:
        """Called by some thread when a task has ended, in whatever way."""
        with suppress(OSError):  # nobody has read the weights of one that was ended
            result_path(self.folder, task.number).unlink(missing_ok=True)
        with self._changed:
            slot.let_go(task)
            done = self._judge(slot, task, ended)
            if done is None:
                self._waiting.appendleft(task)
            elif not self._closed:
                self._done[task.number] = done
            if ended.hopeless:
                self._hopeless = ended.error
            try:
                if not self._closed:
                    self._dispatch()
            except BaseException as error:
                self._hopeless = error
            self._changed.notify_all()
        if task.lent is not None and done is not None:
            with suppress(OSError):  # it goes with the folder
                task.lent.remove()

    def _judge(self, slot: Slot, task: Task, ended: Ended) -> Result | BaseException | None:
        """What is handed out for a task; None if it is to be begun again."""
        task.alone_in = None
        if ended.again:
            return None
        if ended.error is not None:
            return ended.error
        result = ended.result
        if not ended.fault and result is not None and not result.out_of_memory:
            return with_wait(result, task.waited)
        task.failures += 1
        if task.failures < TRIES:
            if ended.alone or not ended.fault:
                task.alone_in = next(group for group in self._groups if slot in group.slots)
            return None
        if result is not None:
            return with_wait(tried_alone(result), task.waited)
        return with_wait(died_again(f"the worker process {ended.fault}"), task.waited)


def _groups(slots: list[tuple[str | None, Slot]]) -> list[Group]:
    """Slots by what they share: a device's memory, or the machine's."""
    found: dict[str, list[Slot]] = {}
    for device, slot in slots:
        found.setdefault(device if device and device != "cpu" else "", []).append(slot)
    return [Group(members) for members in found.values()]
