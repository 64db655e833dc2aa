"""What is wrong with a value, found and put into words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ..errors import UserError
from .hints import expected, key_hint, parts, said, understood
from .tabled import foreign, restored

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """How a value is not what a hint says.

    Attributes:
        path: The way there, by keys and places.
        words: What was expected.
        value: What came.
        said: Whether what was expected is said with the hint, and not only made from its bounds.
    """

    path: Path
    words: str
    value: Any
    said: bool

    def refusal(self, what: str) -> UserError:
        """The error for it.

        Args:
            what: What messages call the whole; perhaps nothing.
        """
        keys = [key for key in self.path if isinstance(key, str)]
        name = ": ".join([what, *keys] if what else keys)
        try:
            came = f"{self.value!r:.60}"
        except ValueError:  # a number of more digits than Python writes
            came = "one that is too long to show"
        places = [place for place, key in enumerate(self.path, 1) if isinstance(key, int)]
        if not places:
            return UserError(f"{name}: expected {self.words}, got {came}")
        way = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path[: places[-1]]]
        where = "".join([what.rpartition(" ")[2], *way]).lstrip(".")
        return UserError(f"{name}: expected {self.words}, got {came} at {where}")


def fault(hint: Any, value: Any, path: Path = ()) -> Fault | None:
    """What is wrong with a value: the innermost for which words are said, else the innermost of all."""
    if fits(value, hint):
        return None
    words, value = said(hint), restored(hint, value)
    keys = key_hint(hint) if isinstance(value, Mapping) and not foreign(hint, value) else None
    for key in value if keys is not None else ():
        if not fits(key, keys):
            return Fault(path, f"{expected(keys)} as each key", key, True)
    for key, part, item in parts(hint, value):
        inner = fault(part, item, path if key is None else (*path, key))
        if inner is not None and (inner.said or words is None):
            return inner
        if inner is not None:
            break
    return Fault(path, expected(hint), value, words is not None)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what a hint says, as it is or as JSON would have it."""
    native = understood(hint)
    if foreign(hint, value):
        return False
    if as_it_is(value, native):
        return True
    try:
        plain = _plain(value)
    except RecursionError:
        return False
    return as_it_is(restored(hint, plain), native)


def as_it_is(value: Any, native: Any) -> bool:
    """Whether msgspec takes a value."""
    try:
        msgspec.convert(value, native)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def meant(hint: Any, value: Any) -> Any:
    """A value that fits, with the keys that are meant where JSON has made text of them."""
    return value if as_it_is(value, understood(hint)) else restored(hint, value)


def _plain(value: Any) -> Any:
    """A value without kinds of its own: float64 of NumPy is a float, and msgspec does not take it for one."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    for kind in (str, float, int):
        if isinstance(value, kind) and not isinstance(value, bool):
            return kind(value)
    return value
