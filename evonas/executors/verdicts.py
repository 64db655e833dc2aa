"""What is written into the results of candidates by those who ran them."""

from __future__ import annotations

from dataclasses import replace

from ..candidate import FAILED, Result


def too_late(timeout: float) -> Result:
    """The result of a candidate that took too long."""
    return Result(FAILED, reason=f"no result within {timeout:g} s (timeout)")


def tried_alone(result: Result) -> Result:
    """The result of a candidate that ran out of memory with nothing else beside it, too."""
    return replace(
        result, reason=f"{result.reason} (tried twice, the second time with nothing else beside it)"
    )


def with_wait(result: Result, seconds: float) -> Result:
    """A result that says how long its candidate had waited for a place."""
    return replace(result, metrics={**result.metrics, "waited_seconds": seconds})
