"""A journal in memory, for searches without a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import UserError
from ...evolution import Candidate
from ..weights import Stored
from .base import Event, Journal, in_order


class MemoryJournal(Journal):
    """Keeps candidates in a list; nothing survives the process."""

    def __init__(self) -> None:
        self._candidates: list[Candidate] = []
        self._places: list[int] = []  # for each candidate, how many had been told when it was asked
        self._told: list[int] = []
        self._kept: dict[int, Stored] = {}
        self._meta: dict[str, Any] = {}

    def asked(self, candidate: Candidate, tells: int) -> None:
        if candidate.number != len(self._candidates):
            raise UserError(
                f"journal: expected candidate {len(self._candidates)} next, got {candidate.number}"
            )
        self._candidates.append(Candidate(candidate.number, candidate.genome))
        self._places.append(tells)

    def told(self, candidate: Candidate, weights: Stored | None) -> None:
        if candidate.result is None:
            raise UserError(f"journal: candidate {candidate.number} has no result")
        self._candidates[candidate.number].result = candidate.result.without_weights()
        self._told.append(candidate.number)
        if weights is not None:
            self._kept[candidate.number] = weights

    def dropped(self, stored: Stored) -> None:
        self._kept.pop(stored.number, None)

    def commit(self) -> None:
        """Nothing to do: memory does not survive anyway."""

    def events(self) -> Iterator[Event]:
        proposals = ((candidate.number, candidate.genome) for candidate in self._candidates)
        results = ((number, self._candidates[number].result) for number in self._told)
        told = [(place, (number, result)) for place, (number, result) in enumerate(results) if result]
        asked = zip(self._places, proposals, strict=True)
        return in_order(asked, told)

    def candidates(self) -> Iterator[Candidate]:
        return iter(self._candidates)

    def candidate(self, number: int) -> Candidate:
        if not 0 <= number < len(self._candidates):
            raise UserError(f"candidate {number}: this search has {len(self._candidates)}")
        return self._candidates[number]

    def meta(self) -> dict[str, Any]:
        return dict(self._meta)

    def note(self, key: str, value: Any) -> None:
        self._meta[key] = value

    def counts(self) -> tuple[int, int]:
        return len(self._candidates), len(self._told)

    def kept(self) -> dict[int, Stored]:
        return dict(self._kept)
