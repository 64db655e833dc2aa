"""Values that can be written down, for telling code by what it holds."""

from __future__ import annotations

import functools
import json
import numbers
import types
from collections.abc import Callable, Mapping
from typing import Any

FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def as_plain(value: Any, of_function: Callable[[Any], str]) -> Any:
    """A value as what JSON can hold; None for one that is not plain.

    Within lists and tables, what is not plain stands as its type, so that it hides nothing beside it.

    Args:
        value: Numbers (NumPy's included), texts, bytes, lists, sets and tables of them, and functions.
        of_function: Gives the text of a function.

    Raises:
        RecursionError: It holds itself.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, bytes):
        return repr(value)
    if isinstance(value, numbers.Number):
        return _number(value)
    if isinstance(value, FUNCTIONS):
        return of_function(value)
    if isinstance(value, list | tuple):
        return [_within(one, of_function) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_within(one, of_function), sort_keys=True) for one in value)
    if isinstance(value, Mapping):
        return {_key(key, of_function): _within(one, of_function) for key, one in value.items()}
    return None


def _within(value: Any, of_function: Callable[[Any], str]) -> Any:
    plain = as_plain(value, of_function)
    return f"<{type(value).__name__}>" if plain is None and value is not None else plain


def _key(key: Any, of_function: Callable[[Any], str]) -> str:
    return key if isinstance(key, str) else json.dumps(_within(key, of_function), sort_keys=True)


def _number(value: numbers.Number) -> Any:
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else repr(value)
