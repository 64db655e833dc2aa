"""A journal in memory, for searches without a run folder."""

from __future__ import annotations

from collections.abc import Iterator

from ..candidate import Candidate
from ..errors import UserError
from ..weights import Stored
from .base import Event, Journal


class MemoryJournal(Journal):
    """Keeps candidates in a list; nothing survives the process."""

    def __init__(self) -> None:
        self._candidates: list[Candidate] = []
        self._order: list[tuple[bool, int]] = []
        self._kept: dict[int, Stored] = {}

    def asked(self, candidate: Candidate) -> None:
        if candidate.number != len(self._candidates):
            raise UserError(f"journal: expected candidate {len(self._candidates)} next, got {candidate.number}")
        self._candidates.append(Candidate(candidate.number, candidate.genome))
        self._order.append((False, candidate.number))

    def told(self, candidate: Candidate, weights: Stored | None) -> None:
        self._candidates[candidate.number].result = candidate.result.without_weights() if candidate.result else None
        self._order.append((True, candidate.number))
        if weights is not None:
            self._kept[candidate.number] = weights

    def dropped(self, stored: Stored) -> None:
        self._kept.pop(stored.number, None)

    def commit(self) -> None:
        """Nothing to do: memory does not survive anyway."""

    def events(self) -> Iterator[Event]:
        for told, number in self._order:
            yield ("told" if told else "asked"), self._candidates[number]

    def candidates(self) -> Iterator[Candidate]:
        return iter(self._candidates)

    def candidate(self, number: int) -> Candidate:
        if not 0 <= number < len(self._candidates):
            raise UserError(f"candidate {number}: this search has {len(self._candidates)}")
        return self._candidates[number]

    def kept(self) -> dict[int, Stored]:
        return dict(self._kept)
