"""Evaluating in this process."""

from __future__ import annotations

from ..candidate import Result
from ..evaluation import Evaluator, Job
from .base import Executor


class SerialExecutor(Executor):
    """Evaluates in this process, one candidate after the other, when its result is wanted."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._waiting: dict[int, Job] = {}

    def submit(self, job: Job) -> None:
        self._waiting[job.number] = job

    def result(self, number: int) -> Result:
        return self._evaluator.run(self._waiting.pop(number))

    def next_ended(self) -> int:
        return next(iter(self._waiting))
