"""Whether this process is reading what was sent to it, which may import modules of the user's.

A module that begins a search with workers wherever it is imported would begin one in each worker, whose
workers would begin one each, and so on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import UserError

_state = threading.local()


@contextmanager
def reading() -> Iterator[None]:
    """What was sent is read within, by this thread."""
    before = getattr(_state, "reads", False)
    _state.reads = True
    try:
        yield
    finally:
        _state.reads = before


def check_may_start() -> None:
    """Checks that a process that is to be started is none that only an import asks for.

    Whoever will start some asks first, before a folder is opened or anything runs; `hidden_main` asks again.

    Raises:
        UserError: It is.
    """
    if getattr(_state, "reads", False):
        raise UserError(
            "workers: a module that workers import begins a search with workers when it is imported; "
            'expected that under if __name__ == "__main__"'
        )
