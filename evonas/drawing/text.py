"""Text for drawings: numbers and sizes in a few characters, and how wide a line will be."""

from __future__ import annotations

import re

LONGEST = 36
"""Characters of a line on a box; the hover text has the rest."""

_NARROW = frozenset("fijlrtI .,:;'|!()[]·-/")
_WIDE = frozenset("mwMW@%…→")
_OUTSIDE_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def width(text: str, size: float, bold: bool = False) -> float:
    """An upper estimate of a line's width, in pixels, in any common sans-serif font of that size."""
    ems = sum(0.4 if c in _NARROW else 0.98 if c in _WIDE else 0.72 if c.isupper() else 0.64 for c in text)
    return ems * size * (1.08 if bold else 1.0)


def line(text: str) -> str:
    r"""One line that XML can hold, cut at `LONGEST` characters.

    >>> line("a\n b")
    'a b'
    """
    text = " ".join(legal(text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def legal(text: str) -> str:
    """The text with the characters replaced that XML cannot hold, escaped or not."""
    return _OUTSIDE_XML.sub("\ufffd", text)


def size(shape: tuple[int, ...]) -> str:
    """A shape as in a paper.

    >>> size((24, 16, 16))
    '24×16×16'
    """
    return "×".join(map(str, shape))


def count(number: int) -> str:
    """A number in at most five characters.

    >>> [count(n) for n in (864, 9_940, 23_456, 999_999, 3_200_000, 12_000_000_000)]
    ['864', '9.9k', '23k', '1.0M', '3.2M', '12G']
    """
    value, units = float(number), iter("kMGT")
    unit = ""
    while value >= 999.5 and unit != "T":
        value, unit = value / 1000, next(units)
    return f"{value:.0f}{unit}" if not unit or value >= 9.95 else f"{value:.1f}{unit}"


def plural(number: int, noun: str) -> str:
    """The number and its noun.

    >>> plural(1, "layer"), plural(1200, "layer")
    ('1 layer', '1,200 layers')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def operation(label: str) -> str:
    """The name of a cell's operation, spaced.

    >>> operation("sep3x3"), operation("conv1x7_7x1"), operation("add")
    ('sep 3×3', 'conv 1×7 7×1', 'add')
    """
    found = re.fullmatch(r"([a-z]+)_?(\d+x\d+(?:_\d+x\d+)*)", label)
    return f"{found[1]} {found[2].replace('x', '×').replace('_', ' ')}" if found else label
