"""Types and ranges, said once where a field is declared; msgspec compares, and one place words what it finds.

A hint that msgspec does not know, such as a tensor's, is left unchecked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, Optional, TypeVar

import msgspec
from msgspec import Meta

from ..errors import UserError, nearest
from .faults import Fault, fault, fits, meant
from .hints import depth, dictionary, hints_of, understood
from .tabled import foreign, has_tables

LARGEST = 2**63 - 1
"""No whole number that evonas notes comes near it, and SQLite has none that is larger."""

GREATEST = 1.7976931348623157e308
"""The largest number that is finite."""

AtLeastZero = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]

Noted = Annotated[int, Meta(ge=0, le=LARGEST, description="a whole number of at least 0")]
"""In a file that anybody may have written; so the next, too."""
NotedCount = Annotated[int, Meta(ge=1, le=LARGEST, description="a whole number of at least 1")]

Finite = Annotated[float, Meta(ge=-GREATEST, le=GREATEST, description="a finite number")]
NotNegative = Annotated[float, Meta(ge=0, le=GREATEST, description="a number of at least 0")]
Positive = Annotated[float, Meta(gt=0, le=GREATEST, description="above 0")]
BelowOne = Annotated[float, Meta(ge=0, lt=1, description="at least 0 and below 1")]
Probability = Annotated[float, Meta(ge=0, le=1, description="a probability from 0 to 1")]

Table = Annotated[dict[str, Any], Meta(description="a table")]

_Kind = TypeVar("_Kind")


class _Shape(NamedTuple):
    """What is known of a class.

    Attributes:
        hints: By field.
        needed: The fields without a default.
        native: A structure that msgspec fills from a mapping of the fields; other names are left aside.
        tuples: The fields that are tuples, each with whether others are inside.
        tables: The fields that have mappings inside.
    """

    hints: Mapping[str, Any]
    needed: frozenset[str]
    native: Any
    tuples: tuple[tuple[str, bool], ...]
    tables: tuple[str, ...]


def _shape_of(kind: type) -> _Shape:
    known, hints, needed = hints_of(kind), {}, set()
    for field in dataclasses.fields(kind):
        hint = known.get(field.name, Any)
        if field.default is None:  # which says that None will do
            hint = Optional[hint]  # noqa: UP045 - of a hint that is known only here
        elif field.default is not dataclasses.MISSING:
            hint = hint if fits(field.default, hint) else Any
        elif field.default_factory is dataclasses.MISSING and field.init:
            needed.add(field.name)
        hints[field.name] = hint
    tuples = tuple((name, depth(hint) > 1) for name, hint in hints.items() if depth(hint))
    tables = tuple(name for name, hint in hints.items() if has_tables(hint))
    return _Shape(hints, frozenset(needed), dictionary(hints, frozenset(needed)), tuples, tables)


def _closed_of(kind: type) -> Any:
    """As `_Shape.native`, but other names are refused."""
    shape = _shape(kind)
    return dictionary(shape.hints, shape.needed, closed=True)


_shape: Callable[[type], _Shape] = cache(_shape_of)
_closed: Callable[[type], Any] = cache(_closed_of)
_native: Callable[[Any], Any] = cache(understood)
_SEQUENCES = (list, tuple)


def check(instance: Any, what: str) -> None:
    """Checks all fields of a dataclass against their hints, and leaves the values as they are.

    A whole number does for a number, True does for neither. Lists become tuples where a tuple is meant, and
    keys numbers where numbers are and JSON has made text of them.

    Args:
        instance: It may be frozen. A field that it has not yet is left aside.
        what: Precedes the names of fields in messages.

    Raises:
        UserError: One is something else.
    """
    shape = _shape(type(instance))
    values = getattr(instance, "__dict__", {})
    if len(values) < len(shape.hints):  # some are in slots, or set after this
        values = {name: getattr(instance, name) for name in shape.hints if hasattr(instance, name)}
    try:
        msgspec.convert(values, shape.native)
    except msgspec.ValidationError:
        _refuse(shape, values, what)
    for name in shape.tables:
        if name in values:
            _refuse_foreign(shape, name, values[name], what)
            value = meant(shape.hints[name], values[name])
            if value is not values[name]:
                values = {**values, name: value}
                object.__setattr__(instance, name, value)
    for name, deep in shape.tuples:
        if name not in values:  # it is set after this
            continue
        value = values[name]
        if deep or type(value) is not tuple:
            object.__setattr__(instance, name, _tuples(value))


def read(kind: type[_Kind], data: Any, what: str, *, others: bool = False) -> _Kind:
    """An instance of a dataclass from what a file has for it, of which nothing may be true.

    Args:
        kind: The class.
        data: By field.
        what: What messages call it.
        others: Whether other names are left aside.

    Raises:
        UserError: It is no mapping, a name is missing or unknown, or a value is something else.
    """
    shape = _shape(kind)
    try:
        msgspec.convert(data, shape.native if others else _closed(kind))
    except msgspec.ValidationError:
        if not isinstance(data, Mapping):
            raise Fault((), "an object", data, True).refusal(what) from None
        known = {name: value for name, value in data.items() if not others or name in shape.hints}
        check_names(kind, known, f"{what}:")
        _refuse(shape, data, f"{what} ")
    made = {name: data[name] for name in shape.hints if name in data} if others else {**data}
    for name in shape.tables:
        if name in made:
            made[name] = meant(shape.hints[name], made[name])
    for name, _ in shape.tuples:
        if name in made:
            made[name] = _tuples(made[name])
    return kind(**made)


def check_names(kind: Any, choices: Mapping[str, Any], what: str) -> None:
    """Checks that a dataclass has choices of these names, and that none is missing that it needs.

    Args:
        kind: The class.
        choices: By field.
        what: Precedes the names in messages.

    Raises:
        UserError: One is unknown, with the nearest that is not; or one is missing.
    """
    shape = _shape(kind)
    for name in choices:
        if name not in shape.hints:
            raise UserError(f"{what} {name!r} is unknown; {nearest(name, list(shape.hints))}")
    for name in shape.hints:
        if name in shape.needed and name not in choices:
            raise UserError(f"{what} {name!r} is missing")


def expect(value: Any, hint: Any, what: str) -> Any:
    """The value, if it is what a hint says.

    Args:
        value: What came.
        hint: A type, perhaps of a dictionary with known keys, in which others are left aside.
        what: What messages call it; nothing where its keys say enough.

    Raises:
        UserError: It is something else.
    """
    try:
        msgspec.convert(value, _native(hint))
    except (msgspec.ValidationError, RecursionError):
        if found := fault(hint, value):
            raise found.refusal(what) from None
    return value


def _refuse(shape: _Shape, values: Mapping[str, Any], what: str) -> None:
    """Raises for the first field that is wrong, if any is."""
    for name, hint in shape.hints.items():
        if name in values and (found := fault(hint, values[name])):
            raise found.refusal(f"{what}{name}") from None


def _refuse_foreign(shape: _Shape, name: str, value: Any, what: str) -> None:
    """Raises where a mapping is no dict, of which msgspec thinks nothing."""
    if foreign(shape.hints[name], value):
        _refuse(shape, {name: value}, what)


def _tuples(value: Any) -> Any:
    """A value with tuples in place of lists, however deep."""
    if type(value) not in _SEQUENCES:
        return value
    return tuple([_tuples(item) if type(item) in _SEQUENCES else item for item in value])
