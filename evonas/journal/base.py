"""The contract of a journal: everything that a search did, in order."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Literal

from ..candidate import Candidate
from ..weights import Stored

Event = tuple[Literal["asked", "told"], Candidate]


class Journal(ABC):
    """An append-only record of proposals and results.

    Writes belong to a turn of the search and become durable together at `commit`.
    """

    @abstractmethod
    def asked(self, candidate: Candidate) -> None:
        """Notes a proposal."""

    @abstractmethod
    def told(self, candidate: Candidate, weights: Stored | None) -> None:
        """Notes a result, and where its weights are."""

    @abstractmethod
    def dropped(self, stored: Stored) -> None:
        """Notes that weights are no longer kept; their file goes only after `commit`."""

    @abstractmethod
    def commit(self) -> None:
        """Makes this turn's notes durable."""

    @abstractmethod
    def events(self) -> Iterator[Event]:
        """Every proposal and every result, in the order in which they were noted."""

    @abstractmethod
    def candidates(self) -> Iterator[Candidate]:
        """Every candidate in the order asked, with its result if it has one."""

    @abstractmethod
    def candidate(self, number: int) -> Candidate:
        """One candidate.

        Raises:
            UserError: There is none of that number.
        """

    @abstractmethod
    def kept(self) -> dict[int, Stored]:
        """The weights that are kept, by candidate."""

    def close(self) -> None:
        """Lets go of files."""


def best_candidates(candidates: Iterable[Candidate], count: int) -> list[Candidate]:
    """The candidates of highest fitness, the best first; of equal ones the earlier first."""
    done = (candidate for candidate in candidates if candidate.fitness is not None)
    return heapq.nsmallest(count, done, key=rank)


def rank(candidate: Candidate) -> tuple[float, int]:
    """Sorts the best first."""
    return (-(candidate.fitness if candidate.fitness is not None else float("-inf")), candidate.number)
