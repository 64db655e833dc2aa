"""Types of what comes from a file that anybody may have written: each is as expected, or refused in words."""

from __future__ import annotations

from math import isfinite
from typing import Any

from .errors import UserError

LARGEST = 2**63
"""No whole number that evonas notes comes near it, and SQLite has none so large."""


def table(value: Any, what: str) -> dict[str, Any]:
    """An object of JSON.

    Args:
        value: What came.
        what: What messages call it.

    Raises:
        UserError: It is something else; so for all that follow.
    """
    return value if isinstance(value, dict) else _refuse(what, "an object", value)


def items(value: Any, what: str) -> list[Any]:
    """A list, or the tuple that it was before it was JSON."""
    return list(value) if isinstance(value, list | tuple) else _refuse(what, "a list", value)


def text(value: Any, what: str) -> str:
    """A text."""
    return value if isinstance(value, str) else _refuse(what, "a text", value)


def texts(value: Any, what: str) -> list[str]:
    """A list of texts."""
    return [text(item, what) for item in items(value, what)]


def whole(value: Any, what: str, least: int = 0) -> int:
    """A whole number of at least so much, and less than `LARGEST`."""
    if type(value) is int and least <= value < LARGEST:
        return value
    return _refuse(what, f"a whole number of at least {least}", value)


def number(value: Any, what: str) -> float:
    """A finite number."""
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        if fits and isfinite(value):
            return float(value)
    except OverflowError:  # a whole number that no float comes near
        pass
    return _refuse(what, "a finite number", value)


def _refuse(what: str, expected: str, value: Any) -> Any:
    raise UserError(f"{what}: expected {expected}, got {value!r:.60}")
