"""Telling a strategy what a journal holds, which may be what no search has ever done."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError
from ..evolution.strategies import Strategy
from ..run.journal import Journal


@contextmanager
def hearing(journal: Journal, strategy: Strategy, number: int) -> Iterator[None]:
    """Where a strategy hears of a candidate from a journal that anybody may have written.

    A strategy of one's own may simply be wrong, so its exception stays the cause, and the message says where
    it arose.

    Raises:
        UserError: The strategy raised something: no search of it has such a history.
    """
    try:
        yield
    except UserError as error:
        raise UserError(f"{journal.called}: candidate {number}: {error}") from error
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise UserError(
            f"{journal.called}: candidate {number}: {type(strategy).__name__} cannot follow this history "
            f"({type(error).__name__}: {error}, at {Path(frame.filename).name}:{frame.lineno})"
        ) from error
