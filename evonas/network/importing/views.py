"""How tensors lie in memory, and the tensors among arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

Form = tuple[tuple[int, ...], tuple[int, ...], int, torch.dtype]
"""Shape, strides, offset and precision: how a tensor lies in its memory."""


def piece(tensor: torch.Tensor) -> Any:
    """The memory of a tensor; it is not kept from being freed."""
    try:
        return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
    except (NotImplementedError, RuntimeError):  # sparse tensors have none of their own
        return id(tensor)


def form_of(tensor: torch.Tensor) -> Form:
    """How a tensor lies in its memory."""
    if tensor.layout != torch.strided:
        return (tuple(tensor.shape), (), 0, tensor.dtype)
    # The stride of an axis of one element says nothing.
    strides = tuple(
        0 if size == 1 else step for size, step in zip(tensor.shape, tensor.stride(), strict=True)
    )
    return (tuple(tensor.shape), strides, int(tensor.storage_offset()), tensor.dtype)


def overlap(one: Form, other: Form) -> bool:
    """Whether two views of one piece of memory have an element in common."""
    ends = [_end(form) for form in (one, other)]
    if one[3] != other[3] or one == other:
        return True
    if one[2] >= ends[1] or other[2] >= ends[0]:
        return False
    cells = torch.zeros(max(ends), dtype=torch.bool)
    cells.as_strided(one[0], one[1], one[2]).fill_(True)
    return bool(cells.as_strided(other[0], other[1], other[2]).any())


def _end(form: Form) -> int:
    shape, strides, offset, _ = form
    return offset + 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=False))


def mapped(argument: Any, change: Callable[[Any], Any]) -> Any:
    """An argument with what is within its lists and slices changed."""
    if isinstance(argument, (list, tuple)):
        items = [mapped(item, change) for item in argument]
        return items if isinstance(argument, list) else tuple(items)
    if isinstance(argument, dict):
        return {key: mapped(item, change) for key, item in argument.items()}
    if isinstance(argument, slice):
        return slice(*(mapped(item, change) for item in (argument.start, argument.stop, argument.step)))
    return change(argument)


def tensors_in(argument: Any) -> Iterator[torch.Tensor]:
    """The tensors of an argument, in lists too."""
    if isinstance(argument, torch.Tensor):
        yield argument
    elif isinstance(argument, (list, tuple)):
        for item in argument:
            yield from tensors_in(item)
    elif isinstance(argument, dict):
        yield from tensors_in(list(argument.values()))


def version(tensor: torch.Tensor) -> int:
    """How many times a tensor was changed in place; in inference mode nothing counts that: what it holds."""
    return _content(tensor) if tensor.is_inference() else int(tensor._version)


def _content(tensor: torch.Tensor) -> int:
    return hash(tensor.cpu().reshape(-1).contiguous().view(torch.uint8).numpy().tobytes())
