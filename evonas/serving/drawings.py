"""Drawings of a run's individuals, made when somebody asks for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from ..api import load
from ..errors import UserError
from ..report import Pictures, pictures_of

KEPT = 200


class Drawings:
    """Draws individuals of one run, one at a time, and keeps what was asked for last. Any thread may ask.

    It reads the journal by itself: who asks for rows does not wait for a drawing.

    Args:
        folder: The run folder.

    Raises:
        UserError: No readable run is there.
    """

    def __init__(self, folder: Path) -> None:
        self._result = load(folder)
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Pictures] = OrderedDict()
        self._closing = False

    def of(self, number: int) -> Pictures:
        """What there is to draw of one individual.

        Raises:
            UserError: There is none of that number, or all was closed.
        """
        try:
            with self._lock:
                if self._closing:
                    raise UserError(f"candidate {number}: the run is not there any more")
                if number not in self._kept:
                    self._kept[number] = pictures_of(self._result, number)
                    if len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
                self._kept.move_to_end(number)
                return self._kept[number]
        finally:
            self._let_go()

    def close(self) -> None:
        """Lets go of the journal: at once, or when what is being drawn has been drawn."""
        self._closing = True
        self._let_go()

    def _let_go(self) -> None:
        if self._closing and self._lock.acquire(blocking=False):
            try:
                self._result.journal.close()
            finally:
                self._lock.release()
