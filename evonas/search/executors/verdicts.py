"""What executors decide alike: how often something is tried, and what is written into results."""

from __future__ import annotations

from dataclasses import replace

from ...errors import UserError
from ...evolution import FAILED, Result

TRIES = 2
"""How often a candidate is begun whose worker dies, or which runs out of memory."""

STARTS = 3
"""How often in a row a process may die before it has begun anything."""


def died_again(how: str) -> Result:
    """The result of a candidate whose every worker died; `how` begins with what died."""
    return Result(FAILED, reason=f"{how}; so did another that tried it")


def never_begun(how: str = "") -> UserError:
    """What ends a search whose worker processes die before they begin; `how` the last one did."""
    last = f"; the last one {how}" if how else ""
    return UserError(f"workers: {STARTS} worker processes in a row died before they began{last}")


def too_late(timeout: float) -> Result:
    """The result of a candidate that took too long."""
    return Result(FAILED, reason=f"out of time after {timeout:g} s: ended, with all that it had started")


def tried_alone(result: Result) -> Result:
    """The result of a candidate that ran out of memory with nothing else beside it, too."""
    return replace(
        result, reason=f"{result.reason} (tried twice, the second time with nothing else beside it)"
    )


def with_wait(result: Result, seconds: float) -> Result:
    """A result that says how long its candidate had waited for a place."""
    return replace(result, metrics={**result.metrics, "waited_seconds": seconds})
