"""Types of what comes from a file that anybody may have written: each is as expected, or refused in words."""

from __future__ import annotations

import sys
from typing import Any

from ..errors import UserError

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
    if not isinstance(value, dict):
        raise _unlike(what, "an object", value)
    return value


def items(value: Any, what: str) -> list[Any]:
    """A list, or the tuple that it was before it was JSON."""
    if not isinstance(value, list | tuple):
        raise _unlike(what, "a list", value)
    return list(value)


def text(value: Any, what: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise _unlike(what, "a text", value)
    return value


def texts(value: Any, what: str) -> list[str]:
    """A list of texts."""
    return [text(item, what) for item in items(value, what)]


def whole(value: Any, what: str, least: int = 0) -> int:
    """A whole number of at least so much, and less than `LARGEST`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < LARGEST:
        raise _unlike(what, f"a whole number of at least {least}", value)
    return value


def number(value: Any, what: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise _unlike(what, "a finite number", value)
    return float(value)


def _unlike(what: str, expected: str, value: Any) -> UserError:
    return UserError(f"{what}: expected {expected}, got {value!r:.60}")
