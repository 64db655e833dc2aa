"""Amounts of memory, as people write and read them."""

from __future__ import annotations

import re
from typing import Any

from ..errors import UserError

_SIZE = re.compile(r"([\d.]+)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def read_size(value: Any, name: str) -> int:
    """Bytes that a number or a text such as ``512MB``, ``1.5 GiB`` or ``8G`` says.

    Args:
        value: A whole number of bytes, or a text; MB are 1000² bytes, MiB 1024².
        name: Of the option, for the message.

    Raises:
        UserError: It says no positive amount.

    >>> read_size("2GB", "max_memory"), read_size("1.5MiB", "max_memory"), read_size(4096, "max_memory")
    (2000000000, 1572864, 4096)
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        number, unit, binary = found.groups()
        try:
            size = round(float(number) * float(1024 if binary else 1000) ** _POWERS[unit.lower()])
        except (ValueError, OverflowError):
            size = 0
        if size > 0:
            return size
    raise UserError(f"{name}: expected an amount of memory such as 512MB or 8GiB, got {value!r:.60}")


def size_text(count: float) -> str:
    """Bytes in the unit that suits them.

    >>> size_text(900), size_text(3 * 2**20), size_text(5.5 * 2**30)
    ('900 B', '3.0 MiB', '5.5 GiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
