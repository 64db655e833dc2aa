"""Mappings within values: keys that JSON has made text of, and such as are no dict where one is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin, is_typeddict

from .hints import TABLES, UNIONS, apart, hints_of

LONGEST = 40
"""A key of more letters is no number that JSON has made text of."""


def has_tables(hint: Any) -> bool:
    """Whether a hint speaks of mappings, however deep."""
    bare, _ = apart(hint)
    if (get_origin(bare) or bare) in TABLES or is_typeddict(bare):
        return True
    return get_origin(bare) is not Literal and any(has_tables(one) for one in get_args(bare))


def foreign(hint: Any, value: Any) -> bool:
    """Whether a mapping is there, however deep, that is no dict where a dict is meant, such as a view of one.

    It would be no JSON.
    """
    try:
        return _foreign(hint, value)
    except RecursionError:  # what is so deep is refused for that
        return False


def restored(hint: Any, value: Any) -> Any:
    """A value with keys as its hint has them, where JSON has made text of them; else the value itself."""
    try:
        return _restored(hint, value)
    except RecursionError:
        return value


def _foreign(hint: Any, value: Any) -> bool:
    bare, _ = apart(hint)
    origin, inner = get_origin(bare) or bare, get_args(bare)
    if origin in UNIONS:
        return not any(_takes(one, value) and not _foreign(one, value) for one in inner)
    if (origin is dict or is_typeddict(bare)) and isinstance(value, Mapping) and not isinstance(value, dict):
        return True
    return any(_foreign(one, item) for one, item in _within(hint, value))


def _restored(hint: Any, value: Any) -> Any:
    bare, _ = apart(hint)
    origin, inner = get_origin(bare) or bare, get_args(bare)
    if origin in UNIONS:
        made = (_restored(one, value) for one in inner)
        return next((one for one in made if one is not value), value)
    if not isinstance(value, list | tuple | dict):
        return value
    items = [_restored(one, item) for one, item in _within(hint, value)]
    if isinstance(value, dict):
        if origin not in TABLES or not inner:
            return value
        found = {_key(inner[0], key): item for key, item in zip(value, items, strict=True)}
        same = all(found.get(key, value) is item for key, item in value.items())
        return value if same or len(found) < len(value) else found
    if len(items) < len(value) or all(one is other for one, other in zip(items, value, strict=True)):
        return value
    return type(value)(items)


def _takes(hint: Any, value: Any) -> bool:
    """Whether one of several types may be a value's, as far as mappings go."""
    bare, _ = apart(hint)
    table = (get_origin(bare) or bare) in TABLES or is_typeddict(bare)
    return table == isinstance(value, Mapping)


def _within(hint: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    """The hint and the item of everything inside that is spoken of."""
    bare, _ = apart(hint)
    origin, inner = get_origin(bare) or bare, get_args(bare)
    if origin in (list, tuple) and isinstance(value, list | tuple) and inner:
        same = origin is list or inner[-1] is Ellipsis
        yield from zip(inner[:1] * len(value) if same else inner, value, strict=False)
    elif origin in TABLES and isinstance(value, Mapping) and inner:
        yield from ((inner[1], item) for item in value.values())
    elif is_typeddict(bare) and isinstance(value, Mapping):
        yield from ((one, value[name]) for name, one in hints_of(bare).items() if name in value)


def _key(hint: Any, key: Any) -> Any:
    """A key as its hint has it.

    >>> [_key(int, "-3"), _key(float, "0.5"), _key(int, "03"), _key(str, "3"), _key(bool, "true")]
    [-3, 0.5, '03', '3', True]
    """
    if not isinstance(key, str) or len(key) > LONGEST:
        return key
    bare, _ = apart(hint)
    if get_origin(bare) in UNIONS:
        made = (_key(one, key) for one in get_args(bare))
        return next((one for one in made if one is not key), key)
    if get_origin(bare) is Literal:
        return next((one for one in get_args(bare) if type(one) is int and str(one) == key), key)
    if bare in (bool, NoneType):
        said = {"true": True, "false": False} if bare is bool else {"null": None}
        return said.get(key, key)
    for kind in (int, float)[: {int: 1, float: 2}.get(bare, 0)]:
        try:
            number = kind(key)
        except ValueError:
            continue
        if repr(number) == key:
            return number
    return key
