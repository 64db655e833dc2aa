"""The room of a device: candidates are let in while their memory fits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

RECENT = 50
"""Measurements that correct the estimates."""

LIBRARIES = 64 * 2**20
"""Bytes that each candidate may take besides, for the work space of convolutions and matrix products."""


class Lease:
    """The room that a candidate has.

    Attributes:
        estimate: Bytes that it was expected to take.
        alone: Whether nobody else has been there since it came.
    """

    def __init__(self, estimate: int, taken: int, alone: bool) -> None:
        self.estimate = estimate
        self.taken = taken
        self.alone = alone
        self.measured: int | None = None


class Room:
    """Memory that candidates of several threads share.

    They are let in in the order in which they came. One that would fit nowhere is let in when nobody else is
    there: estimates can be wrong. What was measured corrects the estimates of those that come later.

    Args:
        limit: Bytes; None for no limit.
        let_in: Called in the thread of a candidate that is let in.
    """

    def __init__(self, limit: int | None = None, let_in: Callable[[], None] = lambda: None) -> None:
        self.limit = limit
        self._let_in = let_in
        self._changed = threading.Condition()
        self._inside: list[Lease] = []
        self._queue: deque[object] = deque()
        self._ratios: deque[float] = deque(maxlen=RECENT)

    def corrected(self, estimate: int) -> int:
        """What is set aside for an estimate: as much more as the worst of those measured lately took."""
        return round(estimate * max(self._ratios, default=1.0)) + LIBRARIES

    @contextmanager
    def taken(self, estimate: int) -> Iterator[Lease]:
        """Waits for room, and gives it back afterwards.

        Args:
            estimate: Bytes.
        """
        lease = self._enter(estimate)
        try:
            self._let_in()
            yield lease
        finally:
            with self._changed:
                self._inside.remove(lease)
                if lease.measured is not None and lease.estimate:
                    self._ratios.append(lease.measured / lease.estimate)
                self._changed.notify_all()

    def _enter(self, estimate: int) -> Lease:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: self._queue[0] is ticket and self._fits(estimate))
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
            lease = Lease(estimate, self.corrected(estimate), alone=not self._inside)
            for other in self._inside:
                other.alone = False
            self._inside.append(lease)
        return lease

    def _fits(self, estimate: int) -> bool:
        if self.limit is None or not self._inside:
            return True
        return sum(lease.taken for lease in self._inside) + self.corrected(estimate) <= self.limit
