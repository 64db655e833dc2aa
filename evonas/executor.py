"""Executors: where evaluations run."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .candidate import Result
from .evaluation import Evaluator, Job


class Executor(ABC):
    """Runs evaluations; results are fetched by candidate."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Hands a job over; it may begin at once."""

    @abstractmethod
    def result(self, number: int) -> Result:
        """Waits for one candidate's result."""

    def close(self) -> None:  # noqa: B027 - not every executor holds anything
        """Lets go of what it holds."""


class SerialExecutor(Executor):
    """Evaluates in this process, one candidate after the other, when its result is wanted."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._waiting: dict[int, Job] = {}

    def submit(self, job: Job) -> None:
        self._waiting[job.number] = job

    def result(self, number: int) -> Result:
        return self._evaluator.run(self._waiting.pop(number))
