"""Type hints taken apart: as msgspec understands them, in words, and with the values that they describe."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
from msgspec import Meta

_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "none",
}
UNIONS = (Union, UnionType)
TABLES = (dict, Mapping)


class _Nothing:
    """Stands for what is missing."""

    def __repr__(self) -> str:
        return "nothing"


def hints_of(kind: type) -> dict[str, Any]:
    """The hints of a class by name; `Any` for one that only a type checker can read."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        names = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        for name, hint in inspect.get_annotations(base).items():
            one = SimpleNamespace(__annotations__={name: hint})
            try:
                found[name] = get_type_hints(one, names, include_extras=True)[name]
            except Exception:  # whatever may come of a text that was not written to be evaluated
                found[name] = Any
    return found


def understood(hint: Any, joined: bool = False, within: tuple[Any, ...] = ()) -> Any:
    """A hint as msgspec takes it, with `Any` in place of what it does not know.

    Args:
        hint: A type, with bounds where it is annotated with them.
        joined: Whether it is one of several in a union. There msgspec 0.23 confuses a tuple's length with the
            bounds of the others and reads memory that is not its own, so such a tuple is any sequence that is
            as long.
        within: Dictionaries with known keys that it is in. What one has of its own kind inside is not looked
            at.
    """
    bare, bounds = apart(hint)
    origin, inner = get_origin(bare) or bare, get_args(bare)
    made: Any = Any
    if origin in _WORDS or origin is Literal:
        made = bare
    elif origin in UNIONS:
        members = [understood(one, True, within) for one in inner]
        made = Any if Any in members else Union[tuple(members)]  # noqa: UP007 - of so many as there are
    elif origin is tuple and inner and inner[-1] is not Ellipsis:
        items = [understood(one, False, within) for one in inner]
        made = tuple[tuple(items)]  # type: ignore[misc]
        if joined:
            alike = all(item == items[0] for item in items)
            bounds = (*bounds, Meta(min_length=len(items), max_length=len(items)))
            made = list[items[0] if alike else Any]  # type: ignore[misc]
    elif origin in (list, tuple):
        made = list[understood(inner[0], False, within) if inner else Any]  # type: ignore[misc]
    elif origin in TABLES:
        key, item = (understood(one, False, within) for one in inner or (Any, Any))
        made = dict[key, item]  # type: ignore[valid-type]
    elif is_typeddict(bare) and bare not in within:
        made = dictionary(hints_of(bare), bare.__required_keys__, within=(*within, bare))
    for bound in bounds if made is not Any else ():
        made = Annotated[made, bound]
    return made if _accepted(made) else Any


def _accepted(native: Any) -> bool:
    try:
        msgspec.convert(None, native)
    except msgspec.ValidationError:
        return True
    except Exception:  # which it says in several ways
        return False
    return True


def dictionary(
    hints: Mapping[str, Any], needed: frozenset[str], closed: bool = False, within: tuple[Any, ...] = ()
) -> Any:
    """A structure of msgspec that is filled from a mapping with known names.

    Args:
        hints: By name.
        needed: The names that have to be there.
        closed: Whether others are refused.
        within: As of `understood`.
    """
    natives = {name: understood(hint, False, within) for name, hint in hints.items()}
    fields = [(name, native) if name in needed else (name, native, None) for name, native in natives.items()]
    return msgspec.defstruct("Dictionary", fields, kw_only=True, forbid_unknown_fields=closed)


def depth(hint: Any) -> int:
    """How many tuples are within each other."""
    bare, _ = apart(hint)
    inner = max((depth(one) for one in get_args(bare)), default=0)
    if get_origin(bare) in UNIONS:
        return inner
    return 1 + inner if (get_origin(bare) or bare) is tuple else 0


def said(hint: Any) -> str | None:
    """What messages are to say is expected, where that is said with the hint."""
    words = [bound.description for bound in apart(hint)[1] if bound.description]
    return words[-1] if words else None


def expected(hint: Any) -> str:
    """What messages say is expected.

    >>> expected(Annotated[int, Meta(ge=1)]), expected(float | None), expected(Literal["a", "b"])
    ('a whole number of at least 1', 'a number', 'a, b')
    """
    bare, bounds = apart(hint)
    origin, inner = get_origin(bare) or bare, get_args(bare)
    if words := said(hint):
        return words
    if origin in _WORDS:
        return _WORDS[origin] if not bounds else _within(_WORDS[origin], bounds[-1])
    if origin is Literal:
        return ", ".join(str(one) for one in inner)
    if origin in UNIONS:
        return " or ".join(dict.fromkeys(expected(one) for one in inner if one is not NoneType))
    if origin in (list, tuple):
        fixed = origin is tuple and inner and inner[-1] is not Ellipsis
        return f"a list of {len(inner)}" if fixed else "a list"
    return "an object" if origin in TABLES or is_typeddict(bare) else "something else"


def _within(noun: str, bound: Meta) -> str:
    if bound.ge is not None and bound.le is not None:
        return f"{noun} from {bound.ge} to {bound.le}"
    ends = {"of at least": bound.ge, "above": bound.gt, "below": bound.lt, "of at most": bound.le}
    return " ".join([noun, " and ".join(f"{words} {end}" for words, end in ends.items() if end is not None)])


def key_hint(hint: Any) -> Any:
    """What the keys of a mapping are said to be; None where nothing is said, or it is no mapping."""
    bare, _ = apart(hint)
    if is_typeddict(bare):
        return str
    return next(iter(get_args(bare)), None) if get_origin(bare) in TABLES else None


def parts(hint: Any, value: Any) -> Iterator[tuple[str | int | None, Any, Any]]:
    """What is inside a value that a hint speaks of: the key or the place, its hint and the item.

    The key is None for the value itself, by one of the types that the hint joins.
    """
    bare, _ = apart(hint)
    origin, inner = get_origin(bare) or bare, get_args(bare)
    if origin in UNIONS:
        members = [one for one in inner if one is not NoneType]
        for one in members:
            if len(members) == 1 or next(parts(one, value), None):
                yield None, one, value
    elif origin in (list, tuple) and isinstance(value, list | tuple) and inner:
        same = origin is list or inner[-1] is Ellipsis
        hints = inner[:1] * len(value) if same else inner
        if len(hints) == len(value):
            yield from zip(range(len(value)), hints, value, strict=True)
    elif origin in TABLES and isinstance(value, Mapping) and inner:
        for key, item in value.items():
            yield str(key)[:20], inner[1], item
    elif is_typeddict(bare) and isinstance(value, Mapping):
        for name, one in hints_of(bare).items():
            if name in value or name in bare.__required_keys__:
                yield name, one, value.get(name, _Nothing())


def apart(hint: Any) -> tuple[Any, tuple[Meta, ...]]:
    """A hint without its bounds, and these."""
    if get_origin(hint) is Annotated:
        return hint.__origin__, tuple(bound for bound in hint.__metadata__ if isinstance(bound, Meta))
    return hint, ()
