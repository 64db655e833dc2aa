"""Which weights a search keeps: those that something may still need, and others as far as there is room."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from typing import Any

from ..evolution import Candidate
from ..files import read_size, size_text
from ..run import Stored, WeightStore
from ..run.journal import Journal, rank


def read_room(value: Any) -> int:
    """Bytes for weights that nothing needs any more: a size such as ``2GB``, or 0.

    Raises:
        UserError: It is neither.
    """
    return 0 if value in (0, "0") and value is not False else read_size(value, "keep")


class Shelf:
    """The weights that a search keeps, and their way out: noted as dropped, committed, then removed.

    Args:
        journal: Where it is noted.
        store: Where they are.
        room: Bytes that all of them may take together: what nothing needs any more stays so long, the best
            longest. 0 keeps only what is needed, and what is needed is kept in any case.
    """

    def __init__(self, journal: Journal, store: WeightStore, room: int = 0) -> None:
        self.room = room
        self._journal = journal
        self._store = store
        self._kept: dict[int, Stored] = {}
        self._ranks: dict[int, tuple[float, int]] = {}
        self._taken = 0
        self._dropped: list[Stored] = []
        self._warned = False

    def __iter__(self) -> Iterator[int]:
        """The candidates whose weights are kept, in their order."""
        return iter(sorted(self._kept))

    @property
    def filled(self) -> bool:
        """Whether any weights are kept."""
        return bool(self._kept)

    def get(self, number: int) -> Stored | None:
        """A candidate's weights, where they are kept."""
        return self._kept.get(number)

    def put(self, candidate: Candidate, stored: Stored) -> None:
        """Takes in the weights of a candidate that was told."""
        self._kept[candidate.number] = stored
        self._ranks[candidate.number] = rank(candidate)
        self._taken += stored.size

    def clear(self, needed: Collection[int]) -> None:
        """Drops what is not needed until the rest fits, the worst first."""
        if not self.room or self._taken > self.room:
            spare = sorted(self._kept.keys() - needed, key=self._ranks.__getitem__)
            while spare and (not self.room or self._taken > self.room):
                self._drop(spare.pop())
        if self.room and self._taken > self.room and not self._warned:
            self._warned = True
            warnings.warn(
                f"keep: the weights that the search still needs take {size_text(self._taken)}, "
                f"more than the {size_text(self.room)} that were asked for; they are kept all the same",
                RuntimeWarning,
                stacklevel=2,
            )

    def _drop(self, number: int) -> None:
        stored = self._kept.pop(number)
        del self._ranks[number]
        self._taken -= stored.size
        self._journal.dropped(stored)
        self._dropped.append(stored)

    def remove_dropped(self) -> None:
        """Removes the files of what was dropped; only after the commit of that."""
        for stored in self._dropped:
            self._store.remove(stored)
        self._dropped.clear()
