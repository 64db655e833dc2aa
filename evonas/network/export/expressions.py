"""A layer as a Python expression, and its module as a constructor's call: torch and torch.nn alone."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Mapping, Set
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from ...architecture.layers import ScaleModule, StridedPointwise
from .code import Brackets, Code, Sum


class NotPlainError(Exception):
    """PyTorch alone has no words for this; the message says why."""


OPERATORS: dict[Any, str] = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}

KEYWORDS: dict[Any, tuple[str, ...]] = {
    F.avg_pool2d: ("kernel_size", "stride", "padding"),
    F.max_pool2d: ("kernel_size", "stride", "padding"),
    F.pad: ("pad", "mode", "value"),
    torch.cat: ("dim",),
    torch.mean: ("dim",),
    torch.permute: ("dims",),
}
"""Names for the positional arguments after the first: numbers alone say little to a reader."""

BOTH_AXES = ("kernel_size", "stride", "padding")
"""Arguments that take one number for height and width."""


def called(
    node: fx.Node, operands: Mapping[fx.Node, Code], attributes: Mapping[str, str], factors: Set[str]
) -> Code:
    """What a node of the graph computes.

    Args:
        node: The node.
        operands: What stands for the nodes that it reads.
        attributes: The attribute of the network that holds a module, by its name in the graph.
        factors: The modules that are a factor; their attributes hold a parameter to multiply by.

    Raises:
        NotPlainError: It is neither a module nor a function or method of PyTorch's.
    """

    def written(value: Any) -> Code:
        if isinstance(value, fx.Node):
            return operands[value]
        if isinstance(value, (list, tuple)) and any(isinstance(part, fx.Node) for part in value):
            return Brackets("[", tuple(written(part) for part in value), "]")
        return literal(value)

    positional = list(map(written, node.args))
    if node.op == "call_function" and node.target in OPERATORS and len(positional) == 2:
        return _operation(OPERATORS[node.target], positional[0], positional[1])
    keywords = {key: written(value) for key, value in node.kwargs.items()}
    if node.op == "call_module" and node.target in factors:
        return _operation("*", positional[0], f"self.{attributes[str(node.target)]}")
    if node.op == "call_module":
        function = f"self.{attributes[str(node.target)]}"
    elif node.op == "call_method" and isinstance(node.args[0], fx.Node):
        function = f"{_enclosed(positional.pop(0))}.{node.target}"
    elif node.op == "call_function" and callable(node.target):
        function = _function(node.target)
        names = KEYWORDS.get(node.target, ())
        named = {
            name: _named(name, value, written) for name, value in zip(names, node.args[1:], strict=False)
        }
        keywords = named | keywords
        positional = positional[:1] + positional[1 + len(names) :]
    else:
        raise NotPlainError(f"it emits {node.op} {node.target!r}")
    return Brackets(f"{function}(", (*positional, *(f"{name}={value}" for name, value in keywords.items())))


def _named(name: str, value: Any, written: Callable[[Any], Code]) -> Code:
    return literal(short(value)) if name in BOTH_AXES else written(value)


def _function(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", "")
    for prefix, home in (("F", F), ("torch", torch)):
        if getattr(home, name, None) is function:
            return f"{prefix}.{name}"
    described = f"{function.__module__}.{name}" if name else repr(function)
    raise NotPlainError(f"it calls {described}, which is not PyTorch's")


def _operation(sign: str, left: Code, right: Code) -> Sum:
    if isinstance(left, Sum) and all(str(part).startswith(f"{sign} ") for part in left.parts[1:]):
        parts = left.parts
    else:
        parts = (_enclosed(left),)
    return Sum((*parts, f"{sign} {_enclosed(right)}"))


def _enclosed(code: Code) -> Code:
    return f"({code})" if isinstance(code, Sum) else code


def constructor(module: nn.Module) -> tuple[Code, dict[str, torch.Tensor]]:
    """The call that makes such a module, and the tensors to load into it.

    A factor is a parameter and needs no module; its tensor has no name of its own.

    PyTorch's modules keep their arguments as attributes of the same names. The call is trusted after it has
    made a twin that describes itself alike and takes the same tensors.

    Raises:
        NotPlainError: The module is not one of torch.nn's, or its arguments cannot be read from it.
    """
    if is_factor(module):
        weight = module.get_parameter("weight")
        return f"nn.Parameter(torch.ones({literal(tuple(weight.shape))}))", {"": weight.detach()}
    kind: type[nn.Module] = module.plain if isinstance(module, StridedPointwise) else type(module)
    if getattr(nn, kind.__name__, None) is not kind:
        raise NotPlainError(f"its module {kind.__module__}.{kind.__qualname__} is not one of torch.nn's")
    for shorten in (short, _unchanged):
        positional, keywords = _arguments(module, kind, shorten)
        try:
            with torch.device("meta"):
                twin = kind(*positional, **keywords)
            # Without its metadata a state may lack the counter of batches, which is then 0.
            twin.load_state_dict(dict(module.state_dict()), assign=True)
        except (TypeError, ValueError, RuntimeError):
            continue
        if repr(twin) == repr(module):
            parts = (
                *map(literal, positional),
                *(f"{name}={literal(value)}" for name, value in keywords.items()),
            )
            return Brackets(f"nn.{kind.__name__}(", parts), dict(twin.state_dict())
    raise NotPlainError(f"its module nn.{kind.__name__} does not keep its arguments")


def is_factor(module: nn.Module) -> bool:
    """Whether a module multiplies by a learnt number and does nothing else (`Scale`)."""
    return isinstance(module, ScaleModule)


def _arguments(
    module: nn.Module, kind: type[nn.Module], shorten: Callable[[Any], Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments that a module of a kind was made with; those that have their defaults are left out."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in ("device", "dtype"):
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or not hasattr(module, name):
            raise NotPlainError(f"its module nn.{kind.__name__} does not keep its argument {name}")
        value = getattr(module, name)
        if name == "bias":
            value = value is not None and value is not False  # the attribute is the tensor itself
        value = shorten(value)
        if parameter.default is parameter.empty:
            positional.append(value)
        elif value != parameter.default:
            keywords[name] = value
    return positional, keywords


def short(value: Any) -> Any:
    """One number for a pair of equal ones, as PyTorch takes it for height and width."""
    return value[0] if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1] else value


def _unchanged(value: Any) -> Any:
    return value


def literal(value: Any) -> str:
    """A constant as Python source.

    Raises:
        NotPlainError: It has no such form.
    """
    if isinstance(value, (bool, type(None), torch.dtype)):
        return repr(value)
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, float):
        return repr(float(value)).replace("e+", "e") if math.isfinite(value) else f'float("{float(value)}")'
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    raise NotPlainError(f"its constant {value!r:.60} has no form in source code")


def quoted(text: str) -> str:
    """A string as Python source: nothing in it ends it, and nothing in it is invisible."""
    source = str.__repr__(text)
    return source if "'" in text or '"' in text else f'"{source[1:-1]}"'
