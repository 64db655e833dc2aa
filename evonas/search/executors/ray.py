"""Evaluating on a Ray cluster (the extra ``evonas[ray]``)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...evolution import FAILED, NO_MEMORY, FileText, Result
from ..evaluation import Evaluator, Job
from .base import Executor, cores
from .endings import KILLED
from .parcel import JobSent, pack
from .ray_cluster import Cluster, Demand
from .ray_fleet import Fleet, Slot, Task
from .ray_weights import RayWeights, read_weights
from .ray_worker import Answer, Site
from .usage import Usage
from .verdicts import STARTS, TRIES, died_again, tried_alone, with_wait


class RayExecutor(Executor):
    """Evaluates in actors on a Ray cluster, each with the cores or the share of a GPU that it asks for.

    A worker imports, builds the evaluator and holds the images once, as in `ProcessExecutor`, and what a
    candidate does to it has the same consequences. There are as many as have room, also when nodes come or
    go. The evaluator and weights travel through Ray's object store; a parent's weights that a node can read
    in the run's folder do not travel. A candidate whose worker or node dies is begun again once. One that
    is out of memory, or was killed as the system does then, is tried once more alone: with a whole node's
    cores or a whole GPU.

    Args:
        evaluator: Sent once to each node.
        address: Of the cluster, or ``local`` for an instance of this machine's.
        device: Where a worker trains, which says whether it needs a GPU.
        threads: Of a candidate on a CPU.
        timeout: Seconds after which a candidate has failed, from when it begins; None for no limit.
        files: Python files with genomes and morphisms of the user's own; their text is sent.
        workers: At most so many, which may wait for nodes to come; None for as many as have room.
        per_device: Workers that share a GPU.

    Raises:
        UserError: Ray is not installed, there is no such cluster, it has no room for a worker, or the
            evaluator cannot be sent.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        address: str,
        device: str,
        threads: int,
        timeout: float | None = None,
        files: Sequence[str] = (),
        *,
        workers: int | None = None,
        per_device: int = 1,
    ) -> None:
        # Its large arrays are sent themselves, since a node may not see this machine's files.
        packed = pack(evaluator, "evaluate", Path(), mapped=False)
        texts = tuple(FileText.read(file) for file in files)
        demand = Demand.of(device, threads, per_device)
        self._cluster = Cluster(address, max(cores(), threads * (workers or 1)))
        try:
            self._ray = self._cluster.ray
            content = self._ray.put(np.frombuffer(packed, dtype=np.uint8))
            arguments = content, texts, "cuda:0" if demand.gpus else None, timeout
            self._fleet = Fleet(self._cluster, demand, workers, arguments)
            if not self._fleet.room:
                raise UserError(f"ray {address!r}: no node of the cluster has {demand} for a worker")
        except BaseException:
            self._cluster.close()
            raise
        self._waiting: deque[Task] = deque()
        self._waiting_alone: deque[Task] = deque()
        self._done: dict[int, Result | BaseException] = {}  # in the order of ending
        self._began = time.monotonic()
        self._waited = 0.0
        self._stillborn = 0
        self._blind: set[str] = set()  # nodes that do not see the run's folder
        self._shared: RayWeights | None = None

    @property
    def slots(self) -> int:
        return max(1, self._fleet.room)

    def usage(self) -> Usage:
        return Usage(time.monotonic() - self._began, self._fleet.uses(), self._waited)

    def submit(self, job: Job) -> None:
        sent = JobSent.of(job, None)
        pack(sent, f"candidate {job.number}", Path(), mapped=False)  # refused now, and not later
        self._waiting.append(Task(job.number, sent, self._weights(job), since=time.monotonic()))
        self._dispatch()

    def result(self, number: int) -> Result:
        while number not in self._done:
            self._turn()
        found = self._done.pop(number)
        if isinstance(found, BaseException):
            raise found
        return found

    def next_ended(self) -> int:
        while not self._done:
            self._turn()
        return next(iter(self._done))

    def begun(self) -> Set[int]:
        running = {slot.task.number for slot in self._fleet.slots if slot.task is not None}
        again = {task.number for task in (*self._waiting, *self._waiting_alone) if task.begun}
        return running | again | set(self._done)

    def close(self) -> None:
        self._waiting.clear()
        self._waiting_alone.clear()
        try:
            self._fleet.close()
        finally:
            self._cluster.close()

    # -- handing out -------------------------------------------------------------------------------

    def _weights(self, job: Job) -> RayWeights:
        """What a job starts with; shared weights are put into the object store once for all."""
        if job.shared is None:
            return RayWeights(job)
        if self._shared is None or self._shared.shared is not job.shared:
            self._shared = RayWeights(job)
        return self._shared

    def _turn(self) -> None:
        """Waits until something has ended, or for a moment, and hands out what can begin."""
        for slot in self._fleet.wait():
            self._hear(slot)
        self._dispatch()

    def _dispatch(self) -> None:
        """Gives waiting jobs to idle workers, the oldest first, and has workers started."""
        self._dispatch_alone()
        enough = self.enough()
        may_begin = deque(task for task in self._waiting if task.begun or not enough)
        for slot in self._fleet.idle():
            if may_begin:
                task = may_begin.popleft()
                self._waiting.remove(task)
                self._begin(slot, task)
        self._fleet.grow(len(may_begin))

    def _dispatch_alone(self) -> None:
        """Lets one candidate that was out of memory run alone, as soon as there is room for that."""
        lone = self._fleet.lone()
        if lone is None:
            if self._waiting_alone and not self._fleet.start_alone():
                self._waiting.appendleft(self._waiting_alone.popleft())  # no other was beside it
        elif lone.site is None:
            if not self._fleet.make_room(lone):
                self._fleet.drop(lone)
                self._waiting.appendleft(self._waiting_alone.popleft())
        elif lone.awaited is None:
            if self._waiting_alone:
                self._begin(lone, self._waiting_alone.popleft())
            else:
                self._fleet.drop(lone)

    def _begin(self, slot: Slot, task: Task) -> None:
        """Hands a task to a worker that is ready."""
        if slot.site is None:
            raise RuntimeError("the worker is not ready")
        try:
            sees = slot.site.node not in self._blind
            weights, content = task.weights.on(slot.site.folder, sees, self._ray.put)
            job = pack(replace(task.sent, weights=weights), f"candidate {task.number}", Path(), mapped=False)
        except UserError as error:
            self._done[task.number] = error
        else:
            task.begun = True
            slot.task, slot.awaited = task, slot.actor.run.remote(job, weights, content)
            slot.meter.enter()
            task.waited = time.monotonic() - task.since
            self._waited += task.waited

    # -- hearing -----------------------------------------------------------------------------------

    def _hear(self, slot: Slot) -> None:
        """Takes what a worker has to say."""
        reference, task = slot.awaited, slot.task
        slot.awaited = slot.task = None
        if task is not None:
            slot.meter.leave()
        try:
            said = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            self._fleet.drop(slot)
            cause = error.cause if isinstance(error.cause, Exception) else error
            if task is None:
                raise cause from None
            self._done[task.number] = cause
        except self._ray.exceptions.RayError as error:
            self._fleet.drop(slot)
            self._died(slot, task, error)
        else:
            self._stillborn = 0
            if task is None:
                slot.site = said
            else:
                self._answered(slot, task, said)

    def _answered(self, slot: Slot, task: Task, said: Answer) -> None:
        if slot.alone:
            self._fleet.drop(slot)
        if said.unseen and slot.site is not None:
            self._blind.add(slot.site.node)
            self._again(task)
        elif said.result is not None:
            weights = None if said.weights is None else read_weights(said.weights)
            self._ended(task, replace(said.result, weights=weights))
        else:
            task.alone = task.alone or said.died == KILLED
            self._retry(task, f"the worker process {said.died}")

    def _died(self, slot: Slot, task: Task | None, error: Exception) -> None:
        """A worker has died with its actor: its node is gone, or Ray or somebody ended it."""
        self._fleet.look()
        if task is None:
            self._died_idle(error)
        elif isinstance(error, self._ray.exceptions.OutOfMemoryError):
            reason = f"{NO_MEMORY}: its node had none left, and Ray ended the worker"
            self._ended(task, Result(FAILED, reason=reason))
        else:
            site: Site | None = slot.site
            lost = site is not None and not self._fleet.lives(site.node)
            lost = lost or "node has died" in str(error)
            how = "was lost with its Ray node" if lost else "was lost with the Ray worker around it"
            self._retry(task, f"the worker process {how}")

    def _died_idle(self, error: Exception) -> None:
        """A worker died that had begun nothing: another begins, unless that happens again and again."""
        self._stillborn += 1
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            last = "their node is out of memory"
        if getattr(error, "actor_init_failed", False):
            raise UserError(f"ray: a worker cannot begin on a node: {last}")
        if self._stillborn >= STARTS:
            raise UserError(f"ray: {STARTS} workers in a row died before they began: {last}")

    def _retry(self, task: Task, how: str) -> None:
        task.deaths += 1
        if task.deaths < TRIES:
            self._again(task)
        else:
            self._done[task.number] = with_wait(died_again(how), task.waited)

    def _ended(self, task: Task, result: Result) -> None:
        if result.out_of_memory:
            task.short += 1
            if task.short < TRIES:
                task.alone = True
                self._again(task)
                return
            result = tried_alone(result)
        self._done[task.number] = with_wait(result, task.waited)

    def _again(self, task: Task) -> None:
        if task.alone:
            self._waiting_alone.append(task)
        else:
            self._waiting.appendleft(task)
