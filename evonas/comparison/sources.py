"""The source text of functions and classes: what a caller's own code is told from other code by."""

from __future__ import annotations

import functools
import inspect
import json
import textwrap
import types
from typing import Any


def source_of(thing: Any) -> str | None:
    """What a function, a class or a callable object is, as text; None where its source cannot be read.

    Beside the source of what was handed over stand the plain values (numbers, texts, lists and tables of
    them) that it holds: defaults, variables of the function that made it, arguments of a
    `functools.partial`, attributes of an object. What it calls or imports is no part of it, and a value that
    is not plain is not either.
    """
    if isinstance(thing, functools.partial):
        return _joined(source_of(thing.func), {"args": thing.args, **thing.keywords})
    if isinstance(thing, types.MethodType):
        return _joined(_text(thing.__func__), _held(thing.__self__))
    if isinstance(thing, types.FunctionType):
        return _joined(_text(thing), _of_function(thing))
    if isinstance(thing, type):
        return _text(thing)
    return _joined(_text(type(thing)), _held(thing))


def _text(thing: Any) -> str | None:
    try:
        return textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError):  # made by exec, or written in C
        return None


def _of_function(function: types.FunctionType) -> dict[str, Any]:
    """Plain values that come with a function."""
    found = {f"default {place}": value for place, value in enumerate(function.__defaults__ or ())}
    found |= function.__kwdefaults__ or {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _held(thing: Any) -> dict[str, Any]:
    return dict(vars(thing)) if hasattr(thing, "__dict__") and not isinstance(thing, type) else {}


def _joined(text: str | None, values: dict[str, Any]) -> str | None:
    if text is None:
        return None
    plain = {name: written for name, value in values.items() if (written := _plain(value)) is not None}
    return text + json.dumps(plain, sort_keys=True) if plain else text


def _plain(value: Any) -> str | None:
    """A value as JSON; None for one that is not plain."""
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return None
