"""Numbers that people write on the command line: times and amounts."""

from __future__ import annotations

import re

from ..errors import UserError

_TIME = re.compile(r"(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s?)?")
_UNITS = (86_400, 3_600, 60, 1)


def read_duration(text: str, name: str) -> float:
    """Seconds that a text such as ``90``, ``90s``, ``5m``, ``2h`` or ``1h30m`` says.

    Args:
        text: What the user wrote.
        name: Of the option, for the message.

    Raises:
        UserError: It says no positive time.
    """
    found = _TIME.fullmatch(text.strip().lower())
    try:
        parts = [float(part) if part else 0.0 for part in found.groups()] if found else []
    except ValueError:  # such as 1.2.3
        parts = []
    seconds = sum(part * unit for part, unit in zip(parts, _UNITS, strict=False))
    if not seconds > 0:
        raise UserError(f"{name}: expected a positive time such as 90, 90s, 5m, 2h or 1h30m, got {text!r}")
    return seconds


_AMOUNT = re.compile(r"([\d.]+)\s*([kmgt]?)", re.IGNORECASE)


def read_amount(text: str, name: str) -> int:
    """The whole number that a text such as ``500k``, ``3.5M`` or ``1200`` says.

    Args:
        text: What the user wrote.
        name: Of the option, for the message.

    Raises:
        UserError: It says none of at least 1.

    >>> read_amount("3.5M", "max-parameters"), read_amount("800", "max-parameters")
    (3500000, 800)
    """
    found = _AMOUNT.fullmatch(text.strip())
    try:
        number = round(float(found[1]) * 1000 ** " kmgt".index(found[2].lower() or " ")) if found else 0
    except (ValueError, OverflowError):  # such as 1.2.3
        number = 0
    if number < 1:
        raise UserError(f"{name}: expected a number such as 500k, 3.5M or 1200, got {text!r}")
    return number


def read_limit(text: str | None, name: str) -> int | None:
    """Likewise of an option that may be left out; None for no limit."""
    return None if text is None else read_amount(text, name)
