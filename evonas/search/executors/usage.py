"""How busy an executor's places were."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...files import Finite, Noted, read


@dataclass(frozen=True)
class SlotUse:
    """One worker process, one GPU, or one place in a cluster.

    Attributes:
        name: Which.
        candidates: That have ended there, in whatever way.
        busy: Seconds in which it worked on at least one.
    """

    name: str
    candidates: Noted = 0
    busy: Finite = 0.0


@dataclass(frozen=True)
class Usage:
    """What an executor's places did since it began.

    Attributes:
        seconds: Since then.
        slots: Each place.
        waited: Seconds that candidates waited in all, from when they were handed over until they began.
    """

    seconds: Finite
    slots: tuple[SlotUse, ...]
    waited: Finite = 0.0

    @property
    def candidates(self) -> int:
        """That have ended."""
        return sum(slot.candidates for slot in self.slots)

    @property
    def busy(self) -> float:
        """The share of their time in which places were busy, in [0, 1]."""
        whole = self.seconds * len(self.slots)
        return min(1.0, sum(slot.busy for slot in self.slots) / whole) if whole > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Usage:
        """The reverse of `to_dict`.

        Raises:
            UserError: A part is missing or of another type.
        """
        found = read(cls, data, "usage", others=True)
        return replace(found, slots=tuple(read(SlotUse, slot, "slots", others=True) for slot in found.slots))


class Meter:
    """Measures how long something is busy with one thing at least."""

    def __init__(self) -> None:
        self.candidates = 0
        self._inside = 0
        self._since = 0.0
        self._before = 0.0

    def enter(self) -> None:
        """One begins."""
        if not self._inside:
            self._since = time.monotonic()
        self._inside += 1

    def leave(self) -> None:
        """One has ended."""
        self._inside -= 1
        self.candidates += 1
        if not self._inside:
            self._before += time.monotonic() - self._since

    def use(self, name: str) -> SlotUse:
        """What was measured up to now."""
        now = time.monotonic() - self._since if self._inside else 0.0
        return SlotUse(name, self.candidates, self._before + now)
