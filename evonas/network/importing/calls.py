"""What is said of one call: its kind, the numbers that it was given, whether it may be made at all."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from ...errors import UserError
from .lines import user_line
from .memory import Call, Held
from .modules import translation
from .views import form_of, version

ABOUT = frozenset(
    "__format__ __len__ __repr__ __str__ dim element_size get_device is_complex is_contiguous "
    "is_floating_point is_signed ndimension nelement numel register_hook retain_grad size storage_offset "
    "stride type".split()
)
"""Methods that say something about a tensor, whatever its numbers are."""

FACTORIES = frozenset("empty_like new_empty new_ones new_zeros ones_like zeros_like".split())
"""Methods and functions whose tensors have the form of another, and nothing of its numbers."""

TURNED = {f"__r{name}__": getattr(operator, name) for name in ("add", "mul", "pow", "sub", "truediv")} | {
    "__rdiv__": operator.truediv,
    "__rmatmul__": operator.matmul,
}
"""Operators whose second operand is the tensor."""


class Noted(NamedTuple):
    """A call, as far as it has to be the same for any number of images.

    Attributes:
        name: Of the function or the module.
        numbers: Those that it was given, unless they say a shape.
        line: Where it was called.
    """

    name: str
    numbers: tuple[Any, ...]
    line: str


class ReadsDataError(UserError):
    """A model decides by what is in the images."""


def is_leaf(module: nn.Module) -> bool:
    """Whether a module is one call, and not what happens within it."""
    own = type(module).__module__.startswith(("torch.nn", "torch.ao.nn")) and "forward" not in vars(module)
    return translation(module) is not None or (own and not isinstance(module, _TRANSPARENT))


_TRANSPARENT = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.DataParallel)


def call_of(func: Callable[..., Any], name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Call:
    """A call of a function, a method or an operator."""
    if name in TURNED:
        return Call("call_function", TURNED[name], (args[1], args[0]), kwargs)
    bare = name.strip("_")
    if name.startswith("__") and hasattr(operator, bare):
        return Call("call_function", getattr(operator, bare), tuple(args), kwargs)
    if getattr(torch.Tensor, name, None) == func:
        return Call("call_method", name, tuple(args), kwargs)
    return Call("call_function", func, tuple(args), kwargs)


def written(tensor: torch.Tensor, held: Held, before: int) -> bool:
    """Whether a tensor's numbers were changed, and not only its shape, as by ``x.squeeze_()``."""
    return version(tensor) != before and form_of(tensor) == held.form


def other_object(tensor: torch.Tensor, known: Any) -> torch.Tensor:
    """The same numbers as another object, which other calls read."""
    if known is not None and form_of(tensor) != known[0].form:
        return tensor  # its shape was changed in place
    other: torch.Tensor = torch.ops.aten.alias.default(tensor)
    return other


def numbers_in(argument: Any) -> list[float]:
    """The numbers among arguments, in lists too."""
    if isinstance(argument, (list, tuple)):
        return [number for item in argument for number in numbers_in(item)]
    if isinstance(argument, dict):
        return [number for item in argument.values() for number in numbers_in(item)]
    if isinstance(argument, bool) or not isinstance(argument, int | float):
        return []
    # By the plain number's own method: nothing asks for it here (`counts`).
    return [int.__float__(argument) if isinstance(argument, int) else float.__float__(argument)]


def foreign(name: str, line: str) -> str:
    """Why a tensor that was made otherwise is not known after a call has written into it."""
    where = f" ({line})" if line else ""
    return (
        f"{name.strip('_')!r}{where} writes what depends on the images into a tensor that was made without "
        "them, which cannot be followed; it can where a new tensor is made, as by torch.cat or F.pad"
    )


def reads_data(name: str) -> ReadsDataError:
    """The error that says where a model looks at numbers of the images."""
    return ReadsDataError(
        f"model: what it computes depends on the data: {user_line(text=True)} ({name.strip('_')!r} looks at "
        "numbers of the images). An architecture computes the same for all images; where "
        "torch.export.export(model, (images,)) can read the model, give that"
    )
