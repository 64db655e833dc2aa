"""The contract of a journal: everything that a search did, in order."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import UserError
from ...evolution import Candidate, Genome, Result
from ..weights import Stored

Event = tuple[int, Genome | Result]
"""A candidate's number, with its genome where it was asked and its result where it was told."""


class Journal(ABC):
    """A record of proposals and results that only grows.

    Writes belong to a turn of the search and become durable together at `commit`.
    """

    @property
    def called(self) -> str:
        """What messages call it."""
        return "journal"

    @abstractmethod
    def asked(self, candidate: Candidate, tells: int) -> None:
        """Notes a proposal.

        Args:
            candidate: The next number, and its genome.
            tells: How many results the strategy had heard when it was asked: its place among the events.
        """

    @abstractmethod
    def told(self, candidate: Candidate, weights: Stored | None) -> None:
        """Notes a result, and where its weights are."""

    @abstractmethod
    def dropped(self, stored: Stored) -> None:
        """Notes that weights are no longer kept; their file goes only after `commit`."""

    @abstractmethod
    def commit(self) -> None:
        """Makes this turn's notes durable."""

    def rollback(self) -> None:  # noqa: B027 - one in memory ends with its search
        """Forgets this turn's notes, where it was cut off within them."""

    @abstractmethod
    def events(self) -> Iterator[Event]:
        """Every proposal and every result, in the order in which the strategy heard of them.

        Of a result there is what a resume needs: status, fitness and `lineage_epochs`. It comes after its
        proposal, and once.
        """

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
    def counts(self) -> tuple[int, int]:
        """How many candidates were asked and how many were told."""

    @abstractmethod
    def kept(self) -> dict[int, Stored]:
        """The weights that are kept, by candidate."""

    @abstractmethod
    def meta(self) -> dict[str, Any]:
        """What was noted of the run as a whole."""

    @abstractmethod
    def note(self, key: str, value: Any) -> None:
        """Notes something of the run as a whole, in JSON's types; durable at once."""

    def best(self, count: int) -> list[Candidate]:
        """The candidates of highest fitness, the best first; of equal ones the earlier first."""
        return best_candidates(self.candidates(), count)

    def close(self) -> None:  # noqa: B027 - not every journal has any
        """Lets go of files."""


def in_order(asked: Iterable[tuple[int, Event]], told: Iterable[tuple[int, Event]]) -> Iterator[Event]:
    """Merges proposals and results, each with its place: how many results were heard before it.

    Raises:
        UserError: A result comes before its proposal.
    """
    proposals = iter(asked)
    upcoming, count = next(proposals, None), 0
    for place, result in told:
        while upcoming is not None and upcoming[0] <= place:
            yield upcoming[1]
            upcoming, count = next(proposals, None), count + 1
        if not 0 <= result[0] < count:  # candidates are numbered as they were asked
            raise UserError(f"candidate {result[0]} was told, and not asked before")
        yield result
    while upcoming is not None:
        yield upcoming[1]
        upcoming = next(proposals, None)


def best_candidates(candidates: Iterable[Candidate], count: int) -> list[Candidate]:
    """The candidates of highest fitness, the best first; of equal ones the earlier first."""
    done = (candidate for candidate in candidates if candidate.fitness is not None)
    return heapq.nsmallest(count, done, key=rank)


def rank(candidate: Candidate) -> tuple[float, int]:
    """Sorts the best first."""
    return (-(candidate.fitness if candidate.fitness is not None else float("-inf")), candidate.number)
