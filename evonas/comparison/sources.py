"""The source text of functions and classes: what a caller's own code is told from other code by."""

from __future__ import annotations

import ast
import functools
import inspect
import json
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any

from .plain import as_plain


def source_of(thing: Any) -> str | None:
    """What a function, a class or a callable object is, as text; None where its source cannot be read.

    Beside the source of what was handed over stand the plain values (numbers, texts, lists and tables of
    them) that it holds or reads: defaults, variables of the function that made it or of its module, arguments
    of a `functools.partial`, attributes of an object. Functions that it holds count by their source, a class
    with those of its module that it builds on. What it calls or imports is no part of it, and a value that
    is not plain is not either.
    """
    return _source(thing, ())


def _source(thing: Any, within: tuple[int, ...]) -> str | None:
    """As `source_of`; what is within itself, by `id`, is no part of it again."""
    if id(thing) in within:
        return None
    within = (*within, id(thing))
    if isinstance(thing, functools.partial):
        # No keyword begins with a star.
        return _joined(_source(thing.func, within), {"*": thing.args, **thing.keywords}, within)
    if isinstance(thing, types.MethodType):
        owner = thing.__self__
        of_class = _source(owner if isinstance(owner, type) else type(owner), within)
        text = _text(thing.__func__)
        both = None if text is None or of_class is None else text + of_class
        return _joined(both, _held(owner), within)
    if isinstance(thing, types.FunctionType):
        return _joined(_text(thing), _of_function(thing), within)
    if isinstance(thing, type):
        return _of_class(thing, within)
    return _joined(_of_class(type(thing), within), _held(thing), within)


def _text(thing: Any) -> str | None:
    if isinstance(thing, types.FunctionType) and thing.__name__ == "<lambda>":
        found = _lambda(thing)
        if found is not None:
            return found
    try:
        return textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError):  # made by exec, or written in C
        return None


def _lambda(function: types.FunctionType) -> str | None:
    """The text of a lambda alone, of which a line may hold several; None where it cannot be told."""
    places = [place for place in function.__code__.co_positions() if None not in place]
    spans = [((a, c), (b, d)) for a, b, c, d in places if (a, c) != (b, d)]
    try:
        source = "".join(inspect.findsource(function)[0])
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Lambda)]
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return None
    around = [
        ast.get_source_segment(source, node)
        for node in nodes
        if node.end_lineno is not None
        and node.end_col_offset is not None
        and all(
            (node.lineno, node.col_offset) <= begin and end <= (node.end_lineno, node.end_col_offset)
            for begin, end in spans
        )
    ]
    return min((text for text in around if text), key=len, default=None) if spans else None


def _of_function(function: types.FunctionType) -> dict[str, Any]:
    """Values that come with a function, and those of its module that it reads."""
    found = {f"default {place}": value for place, value in enumerate(function.__defaults__ or ())}
    found |= function.__kwdefaults__ or {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        if value is not None and not name.startswith("__") and not callable(value):
            found[f"global {name}"] = value
    return found


def _names(code: types.CodeType) -> Iterator[str]:
    """Names that a function and those within it read from elsewhere, attributes among them."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _of_class(kind: type, within: tuple[int, ...]) -> str | None:
    """A class, with those of its module that it builds on, and what their methods hold."""
    own = [one for one in kind.__mro__ if one.__module__ == kind.__module__]
    texts: list[str | None] = []
    held: dict[str, Any] = {}
    for one in own:
        texts.append(_text(one))
        for name, value in vars(one).items():
            method = getattr(value, "fget", None) or getattr(value, "__func__", value)
            if isinstance(method, types.FunctionType):
                held |= {f"{one.__name__}.{name} {key}": part for key, part in _of_function(method).items()}
    known = [text for text in texts if text is not None]
    return _joined("".join(known), held, within) if len(known) == len(texts) else None


def _held(thing: Any) -> dict[str, Any]:
    """The attributes of an object, those in slots included."""
    if isinstance(thing, type | types.ModuleType):
        return {}
    found = dict(vars(thing)) if hasattr(thing, "__dict__") else {}
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("__") and hasattr(thing, name):
                found[name] = getattr(thing, name)
    return found


def _joined(text: str | None, values: Mapping[str, Any], within: tuple[int, ...]) -> str | None:
    if text is None:
        return None
    plain = {
        name: written for name, value in values.items() if (written := _plain(value, within)) is not None
    }
    return text + json.dumps(plain, sort_keys=True) if plain else text


def _plain(value: Any, within: tuple[int, ...]) -> str | None:
    """A value as JSON; None for one that is not plain."""

    def of_function(function: Any) -> str:
        return _source(function, within) or str(getattr(function, "__qualname__", ""))

    try:
        plain = as_plain(value, of_function)
        return None if plain is None and value is not None else json.dumps(plain, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return None
