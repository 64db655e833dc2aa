"""The text of the authors' code, ``Genotype(normal=[('sep_conv_3x3', 1), ...], ...)``.

It is Python, and comes from papers, logs and mails. So it is read by a grammar of its own, which knows lists,
tuples, quoted words, whole numbers and ``range(2, 6)``, and nothing of it is run::

    genotype = [name "="] "Genotype" "(" name "=" value {"," name "=" value} [","] ")"
    value    = number | word | "None" | "range" "(" number "," number ")" | list | tuple
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...errors import UserError, nearest
from .cell import INPUTS, NODES, Cell

LARGEST = 10_000
"""Characters; those of a cell of the space take some 700."""
DEEPEST = 3
"""Lists and tuples within each other: some authors put the two edges of a node together."""

CONCAT = list(range(INPUTS, INPUTS + NODES))
"""What a cell's output concatenates: all of its nodes."""
FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
UNUSED = ("connectN", "connects")
"""Fields that one author's texts have besides, always None (https://github.com/D-X-Y/AutoDL-Projects)."""

_START = re.compile(r"\s*(?:\w+\s*=\s*)?Genotype\s*\(", re.ASCII)
_TOKEN = re.compile(
    r"\s*(?:(?P<word>'[^'\\\n]*'|\"[^\"\\\n]*\")|(?P<number>\d{1,9}(?!\w))|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>[\[\](),=]))",
    re.ASCII,
)


def is_text(text: str) -> bool:
    """Whether a text is meant as a genotype of this space, right or wrong."""
    return _START.match(text) is not None


def write(normal: Cell, reduction: Cell) -> str:
    """The authors' text."""
    return (
        f"Genotype(normal={normal.pairs()}, normal_concat={CONCAT}, "
        f"reduce={reduction.pairs()}, reduce_concat={CONCAT})"
    )


def read(text: str) -> dict[str, Any]:
    """The cells in a text, as `Cell.from_pairs` takes them, by the names ``normal`` and ``reduce``.

    Raises:
        UserError: It is no such text, or its output does not concatenate all four nodes.
    """
    if len(text) > LARGEST:
        raise UserError(f"darts genotype: expected at most {LARGEST} characters, got {len(text)}")
    start = _START.match(text)
    if not start:
        raise UserError(
            f"darts genotype: expected Genotype(normal=[('sep_conv_3x3', 1), ...], got {text!r:.80}"
        )
    fields = _Reader(text, start.end()).fields()
    for cell in ("normal", "reduce"):
        if cell not in fields:
            raise UserError(f"darts genotype: expected {', '.join(FIELDS)}, got no {cell}")
        concat = fields.get(f"{cell}_concat", CONCAT)
        if not isinstance(concat, list | tuple | range) or not _is_all(concat):
            raise UserError(
                f"darts genotype: expected {cell}_concat of all nodes, {CONCAT}, got {concat!r:.80}"
            )
    return {cell: _edges(fields[cell]) for cell in ("normal", "reduce")}


def _is_all(concat: Sequence[Any]) -> bool:
    return len(concat) == NODES and all(node in concat for node in CONCAT)


def _edges(value: Any) -> list[Any] | Any:
    """The edges one after another, where the two of each node stand together."""
    if not isinstance(value, list | tuple):
        return value
    together = all(
        isinstance(pair, Sequence) and all(isinstance(edge, tuple) for edge in pair) for pair in value
    )
    edges = [edge for pair in value for edge in pair] if together else value
    return [list(edge) if isinstance(edge, tuple) else edge for edge in edges]


class _Reader:
    """Reads a text from its first field on."""

    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self._position = position

    def fields(self) -> dict[str, Any]:
        """What stands between the outer brackets, and nothing behind them."""
        found: dict[str, Any] = {}
        while not self._taken(")"):
            name = self._take("name", "the name of a field")
            if name not in (*FIELDS, *UNUSED) or name in found:
                raise UserError(
                    f"darts genotype: field {name!r:.60} "
                    + ("stands there twice" if name in found else f"is unknown; {nearest(name, FIELDS)}")
                )
            self._expect("=")
            found[name] = self._value(0)
            if not self._taken(","):
                self._expect(")")
                break
        if self._text[self._position :].strip():
            raise self._wrong("the end of the text")
        return {name: value for name, value in found.items() if name in FIELDS}

    def _value(self, depth: int) -> Any:
        for opening, closing in (("[", "]"), ("(", ")")):
            if self._taken(opening):
                if depth == DEEPEST:
                    raise UserError(
                        f"darts genotype: expected at most {DEEPEST} lists within each other, got more"
                    )
                values = self._values(closing, depth + 1)
                return values if opening == "[" else tuple(values)
        if (word := self._next("word")) is not None:
            return word[1:-1]
        if (number := self._next("number")) is not None:
            return int(number)
        before = self._position
        name = self._next("name")
        if name == "None":
            return None
        if name == "range":
            self._expect("(")
            first = int(self._take("number", "a number"))
            self._expect(",")
            last = int(self._take("number", "a number"))
            self._expect(")")
            return range(first, last)
        self._position = before
        raise self._wrong("a list, a tuple, a word, a number or range(2, 6)")

    def _values(self, closing: str, depth: int) -> list[Any]:
        values = []
        while not self._taken(closing):
            values.append(self._value(depth))
            if not self._taken(","):
                self._expect(closing)
                break
        return values

    def _next(self, kind: str) -> str | None:
        """The next token, if it is of that kind; else it stays."""
        found = _TOKEN.match(self._text, self._position)
        if found is None or found.lastgroup != kind:
            return None
        self._position = found.end()
        return found[kind]

    def _take(self, kind: str, expected: str) -> str:
        found = self._next(kind)
        if found is None:
            raise self._wrong(expected)
        return found

    def _taken(self, sign: str) -> bool:
        before = self._position
        if self._next("sign") == sign:
            return True
        self._position = before
        return False

    def _expect(self, sign: str) -> None:
        if not self._taken(sign):
            raise self._wrong(repr(sign))

    def _wrong(self, expected: str) -> UserError:
        rest = self._text[self._position :].strip()
        got = f"{rest!r:.40}" if rest else "its end"
        return UserError(f"darts genotype, character {self._position + 1}: expected {expected}, got {got}")
