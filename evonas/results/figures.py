"""Numbers for people: times, amounts, shares, and how fast a search is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..search import Pace

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


def fitness_text(fitness: float | None) -> str:
    """A fitness with as many digits as matter."""
    if fitness is None:
        return "-"
    return f"{fitness:.4f}" if abs(fitness) < 1_000 else f"{fitness:.6g}"


def number_of(count: int, thing: str, things: str = "") -> str:
    """A count and its noun.

    >>> number_of(1, "epoch"), number_of(1_437, "image")
    ('1 epoch', '1,437 images')
    """
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def speed(pace: Pace) -> list[str]:
    """How fast a search is and how busy what it was given, in a few words each."""
    slots = len(pace.usage.slots)
    words = [f"{pace.per_hour:,.0f} an hour"]
    if pace.images:
        words.append(f"{amount(round(pace.images_per_second))} images/s")
    if slots > 1:
        words.append(f"{slots} workers {share(pace.usage.busy)} busy")
    return words
