"""Numbers for people: times, amounts and shares, and times that people write."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from ..search.pace import Pace

_TIME = re.compile(r"(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s?)?")
_UNITS = (86_400, 3_600, 60, 1)
_TWO_UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def duration(seconds: float) -> str:
    """A time in at most two units.

    >>> duration(7.24), duration(80), duration(3600), duration(100_000)
    ('7.2 s', '1 min 20 s', '1 h', '1 d 4 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    for size, name, smaller, smaller_name in _TWO_UNITS:
        rounded = round(seconds / smaller)
        if rounded * smaller >= size:
            rest = rounded % (size // smaller)
            return f"{rounded * smaller // size} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{round(seconds)} s"


def amount(number: int | None) -> str:
    """A count with three digits and a letter.

    >>> amount(950), amount(59_458), amount(1_086_464), amount(None)
    ('950', '59.5k', '1.09M', '-')
    """
    if number is None:
        return "-"
    value = float(number)
    for letter in ("", "k", "M", "G"):
        if value < 999.5:
            return f"{value:.3g}{letter}" if letter else str(number)
        value /= 1_000
    return f"{value:.3g}T"


def share(part: float) -> str:
    """A part of a whole as a percentage; a half is rounded up, as in a report.

    >>> share(0.257), share(1 / 8)
    ('26 %', '13 %')
    """
    return f"{math.floor(100 * part + 0.5)} %"


def number_of(count: int, thing: str, things: str = "") -> str:
    """A count and its noun.

    >>> number_of(1, "epoch"), number_of(1_437, "image")
    ('1 epoch', '1,437 images')
    """
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


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


def speed(pace: Pace) -> list[str]:
    """How fast a search is and how busy what it was given, in a few words each."""
    slots = len(pace.usage.slots)
    words = [f"{pace.per_hour:,.0f} an hour"]
    if pace.images:
        words.append(f"{amount(round(pace.images_per_second))} images/s")
    if slots > 1:
        words.append(f"{slots} workers {share(pace.usage.busy)} busy")
    return words
