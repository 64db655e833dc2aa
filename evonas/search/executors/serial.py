"""Evaluating in this process."""

from __future__ import annotations

import time
from collections.abc import Set

from ...evolution import Result
from ..evaluation import Evaluator, Job
from .base import Executor
from .usage import Meter, Usage


class SerialExecutor(Executor):
    """Evaluates in this process, one candidate after the other, when its result is wanted."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._waiting: dict[int, Job] = {}
        self._meter = Meter()
        self._began = time.monotonic()
        self._now: frozenset[int] = frozenset()

    def submit(self, job: Job) -> None:
        self._waiting[job.number] = job

    def result(self, number: int) -> Result:
        job = self._waiting.pop(number)
        self._now = frozenset({number})  # it stays so where somebody interrupts it
        self._meter.enter()
        try:
            result = self._evaluator.run(job)
            if result.out_of_memory:
                result = self._evaluator.run(job)  # what it held is let go by now: there may be room
        finally:
            self._meter.leave()
        self._now = frozenset()
        return result

    def begun(self) -> Set[int]:
        return self._now

    def usage(self) -> Usage:
        return Usage(time.monotonic() - self._began, (self._meter.use("this process"),))

    def next_ended(self) -> int:
        return next(iter(self._waiting))
