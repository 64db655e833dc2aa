"""A worker on a node of a Ray cluster: an actor that holds a place, and the process that evaluates."""

from __future__ import annotations

import os
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pebble import ProcessExpired, ProcessPool

from ...evolution import FileText, Result
from ...run import WeightsError, digest
from .endings import how_it_ended
from .hidden_main import HiddenMainContext
from .parcel import WeightsAt
from .reports import Report, read_report
from .scratch import discard, scratch_folder
from .verdicts import STARTS, never_begun, too_late
from .worker import Equipment, begin, work

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
"""What Ray shares between the processes of a node without copying."""


@dataclass(frozen=True)
class Site:
    """Where a worker is.

    Attributes:
        node: Its node's id.
        gpu: Which of the node's GPUs it uses; empty for none.
        folder: Its own, for what the evaluating process reads.
    """

    node: str
    gpu: str
    folder: Path


@dataclass(frozen=True)
class Answer:
    """What became of a job on a worker.

    Attributes:
        result: The result, its weights apart; None where there is none.
        weights: Those, as a safetensors file.
        died: How the process died that evaluated; empty if it did not.
        unseen: Whether the parent's file is not to be seen from here.
    """

    result: Result | None = None
    weights: Bytes | None = None
    died: str = ""
    unseen: bool = False


class RayWorker:
    """Made an actor by `RayExecutor`; evaluates in a process below the actor's own.

    So a crash or a limit of time costs that process alone, and its exit status says what happened, which
    Ray does not tell of its own workers. With the actor's process it ends, too.

    Args:
        evaluator: As `pack` gave it.
        files: Files with genomes and morphisms of the user's own.
        device: Where it evaluates; None as the evaluator has it.
        timeout: Seconds after which a candidate has failed; None for no limit.
    """

    def __init__(
        self, evaluator: Bytes, files: tuple[FileText, ...], device: str | None, timeout: float | None
    ) -> None:
        self._folder = scratch_folder()  # Ray kills what could tidy up, too; the next worker does it then
        content: Any = evaluator  # unpickling reads any buffer
        self._equipment = Equipment(content, files, device, self._folder)
        self._timeout = timeout
        self._pool: ProcessPool | None = None

    def begin(self) -> Site:
        """Starts the process, and says where it is.

        Raises:
            UserError: It dies each time.
        """
        for _ in range(STARTS):
            try:
                self._process().schedule(os.getpid).result()
            except (ProcessExpired, BrokenProcessPool, CancelledError):
                continue
            import ray

            context = ray.get_runtime_context()
            gpus = context.get_accelerator_ids().get("GPU", [])
            return Site(context.get_node_id(), ",".join(gpus), self._folder)
        raise never_begun()

    def run(self, job: bytes, expected: WeightsAt | None, content: Bytes | None) -> Answer:
        """Does one job.

        Args:
            job: As it crosses.
            expected: Where the evaluating process looks for weights; None where it needs none.
            content: Theirs, to be written there; None where they should be there already.

        Raises:
            UserError: The process could not be made ready.
            WeightsError: The weights are damaged.
        """
        if expected is not None and content is None and not _is_there(expected):
            return Answer(unseen=True)
        if expected is not None and content is not None:
            content.tofile(expected.store.folder / expected.stored.file)
        try:
            return self._evaluate(job)
        finally:
            if expected is not None and content is not None:
                expected.remove()

    def close(self) -> None:
        """Ends the process and removes its folder."""
        self._end_process()
        discard(self._folder)

    def _end_process(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _process(self) -> ProcessPool:
        if self._pool is None or not self._pool.active:
            self._pool = ProcessPool(1, 0, begin, (self._equipment,), HiddenMainContext())
        return self._pool

    def _evaluate(self, job: bytes) -> Answer:
        for _ in range(STARTS):
            try:
                said: bytes = self._process().schedule(work, (job,), timeout=self._timeout).result()
            except ProcessExpired as error:
                return Answer(died=how_it_ended(error.exitcode))
            except (BrokenProcessPool, CancelledError):
                continue  # it died while it had nothing to do
            except TimeoutError:
                return Answer(too_late(self._timeout or 0.0))
            report = read_report(said)
            if report.fatal:
                self._end_process()
                return Answer(died=f"had to be ended: {report.result.reason}")
            return _answer(report)
        raise never_begun()


def _is_there(weights: WeightsAt) -> bool:
    """Whether a file can be read here and is the one that is meant."""
    path = weights.store.folder / weights.stored.file
    try:
        return path.stat().st_size == weights.stored.size and (
            digest(path.read_bytes()) == weights.stored.digest
        )
    except OSError:
        return False


def _answer(report: Report) -> Answer:
    if report.weights is None:
        return Answer(report.result)
    path = report.weights.store.folder / report.weights.stored.file
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise WeightsError(f"weights {path}: cannot be read: {error.strerror or error}") from None
    report.weights.remove()
    return Answer(report.result, content)
