"""The contract of an executor."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Set
from typing import Self

from ...evolution import Result
from ..evaluation import Job
from .usage import Usage


def cores() -> int:
    """Processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class Executor(ABC):
    """Runs evaluations; results are fetched by candidate.

    Close it, or use it as a context: it may hold processes.

    Attributes:
        enough: Says whether nothing more is to begin; what has begun goes on.
    """

    enough: Callable[[], bool] = staticmethod(lambda: False)

    @property
    def slots(self) -> int:
        """How many evaluations may run at a time."""
        return 1

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Hands a job over; it may begin at once."""

    @abstractmethod
    def result(self, number: int) -> Result:
        """Waits for one candidate's result and hands it out, once.

        Raises:
            WeightsError: The parent's weights are gone or damaged.
            UserError: Nothing can be evaluated, for a reason that is not the candidate's.
        """

    @abstractmethod
    def next_ended(self) -> int:
        """Waits until some candidate has ended whose result was not handed out, and says which."""

    def begun(self) -> Set[int]:
        """Candidates that have begun, or ended, and whose results were not handed out."""
        return frozenset()

    def usage(self) -> Usage:
        """How busy its places have been since it began; nothing, where it does not measure that."""
        return Usage(0.0, ())

    def close(self) -> None:  # noqa: B027 - not every executor holds anything
        """Stops what still runs and lets go of what it holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
