"""Texts from files that anybody may have written, as a terminal or a page may have them."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t\u200c\u200d")
"""Ends of lines, tabs, and what joins letters and emoji."""

_MEANT_FOR_THE_TERMINAL = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Categories of characters that are not seen, and steer: colours, the window's title, the order of letters.
Surrogates among them are the bytes of a file's name that is no UTF-8."""


def printable(text: str) -> str:
    r"""A text in which everything that is not seen is written out.

    >>> print(printable("a\x1b]0;title\x07b"), printable("é 🧬"))
    a\x1b]0;title\x07b é 🧬
    """
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _MEANT_FOR_THE_TERMINAL:
        return character
    return ascii(character)[1:-1]


def encodable(text: str) -> str:
    """A text without surrogates, which UTF-8 does not have: they are written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
