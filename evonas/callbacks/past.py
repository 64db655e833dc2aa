"""What a run had done before it goes on, for those who hear of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..evolution import Candidate, Leader, Result

if TYPE_CHECKING:
    from ..run.journal import Journal


@dataclass(frozen=True)
class Past:
    """What was told of a search before it was stopped; nothing, in a search that begins.

    Attributes:
        numbers: Of all candidates that have ended, in the order in which they were told.
        best: The best of them, or None.
    """

    numbers: Sequence[int] = ()
    best: Candidate | None = None
    _journal: Journal | None = None

    @classmethod
    def of(cls, journal: Journal) -> Past:
        """What a journal holds."""
        numbers: list[int] = []
        genomes = {}
        leader = Leader()
        for number, event in journal.events():
            if not isinstance(event, Result):
                genomes[number] = event
                continue
            numbers.append(number)
            leader.takes(Candidate(number, genomes.pop(number), event))
        best = None if leader.candidate is None else journal.candidate(leader.candidate.number)
        return cls(tuple(numbers), best, journal)

    def candidates(self, numbers: Sequence[int] | None = None) -> Iterator[Candidate]:
        """Those that have ended, with their whole results.

        Args:
            numbers: Some of `numbers`; by default all.
        """
        for number in self.numbers if numbers is None else numbers:
            if self._journal is not None:
                yield self._journal.candidate(number)
