"""Amounts of memory, as people write them."""

from __future__ import annotations

import re
from typing import Any

from .errors import UserError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def read_size(value: Any, name: str) -> int:
    """Bytes that a number or a text such as ``500MB``, ``2GB``, ``1.5 GiB`` or ``0`` says.

    >>> read_size("1.5 GiB", "keep"), read_size("20k", "keep"), read_size(0, "keep")
    (1610612736, 20000, 0)

    Args:
        value: What the user wrote.
        name: Of the option, for the message.

    Raises:
        UserError: It says no size.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 40 else None
    if found is None:
        raise UserError(f"{name}: expected a size such as 500MB, 2GB or 0, got {value!r:.60}")
    number, unit, binary = found.groups(default="")
    return round(float(number) * (1024 if binary else 1000) ** _POWERS[unit.lower()])


def size_text(size: int) -> str:
    """An amount with three digits and a unit.

    >>> size_text(999), size_text(2_500_000), size_text(1_234_567_890_123)
    ('999 B', '2.5 MB', '1.23 TB')
    """
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
