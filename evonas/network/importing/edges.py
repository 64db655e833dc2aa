"""What adds to the edges of a tensor, or takes a part of it: padding, slices, chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import fx

from ...architecture.layers import AvgPool2d, ConstantPad, Layer, Pad, PadChannels, Shift, TakeChannels
from .part import NoLayerError, Part, Value
from .windows import images_only

LOWEST = -3e38
"""What padding that never wins is filled with: a maximum's own is minus infinity, which no file can hold."""

PARTS = frozenset(("chunk", "split", "split_with_sizes", "tensor_split"))
"""Functions that give several parts of a tensor."""

ONE_AT_A_TIME = (
    "a layer takes neighbouring channels, a rectangle of pixels, or every n-th pixel, one at a time"
)


def framed(value: Value, sides: Sequence[int], filling: float = 0) -> Part:
    """A frame around an image, or channels of zeros; sides as `torch.nn.functional.pad` takes them."""
    images_only(value)
    left, right, top, bottom, before, extra, *batch = [*map(int, sides), *[0] * (8 - len(sides))]
    if any(batch):
        raise NoLayerError("a layer pads images and channels, and never the batch")
    if before or extra:
        if (left, right, top, bottom) != (0, 0, 0, 0) or filling or min(before, extra) < 0:
            raise NoLayerError("a layer adds channels of zeros, and pads no pixels with them")
        return Part(PadChannels(extra, before), [value])
    return Part(_frame((left, right, top, bottom), filling), [value])


def pad(image: Value, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Part:
    """As torch.nn.functional has it."""
    if mode != "constant":
        raise NoLayerError(f"a layer pads with a constant, not by mode {mode!r}")
    return framed(image, pad, value or 0)


def _frame(sides: tuple[int, int, int, int], filling: float) -> Layer | None:
    if sides == (0, 0, 0, 0):
        return None
    if filling == 0 or max(sides) <= 0:
        return Shift() if sides == (-1, 1, -1, 1) else Pad(sides)
    return ConstantPad(sides, max(filling, LOWEST))


def narrow(value: Value, dim: int, start: int, length: int) -> Part:
    """Some neighbouring entries of one axis."""
    return cut(value, {dim % len(value.shape): slice(start, start + length)})


def sliced(
    value: Value, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Part:
    """A slice of one axis, as ATen has it."""
    return cut(value, {dim % len(value.shape): slice(start, end, step)})


def indexed(value: Value, index: Any) -> Part:
    """A slice as Python writes it: ``x[:, 1:3]``."""
    items = list(index) if isinstance(index, (tuple, list)) else [index]
    if ... in items:
        place = items.index(...)
        items[place : place + 1] = [slice(None)] * (len(value.shape) - len(items) + 1)
    if not all(isinstance(item, slice) and _is_plain(item) for item in items) or len(items) > len(
        value.shape
    ):
        raise NoLayerError(ONE_AT_A_TIME)
    return cut(value, dict(enumerate(items)))


def _is_plain(one: slice) -> bool:
    return all(bound is None or isinstance(bound, int) for bound in (one.start, one.stop, one.step))


def cut(value: Value, slices: dict[int, slice]) -> Part:
    """What is left of a tensor.

    Args:
        value: The tensor.
        slices: By axis; what is not there stays whole.
    """
    ranges = {axis: range(*one.indices(value.shape[axis])) for axis, one in slices.items()}
    cuts = {axis: taken for axis, taken in ranges.items() if taken != range(value.shape[axis])}
    if not cuts:
        return Part(None, [value])
    if any(not taken for taken in cuts.values()) or 0 in cuts:
        raise NoLayerError(f"{ONE_AT_A_TIME}; of the batch it takes all")
    steps = {axis: taken.step for axis, taken in cuts.items() if len(taken) > 1}
    if set(cuts) == {1} and steps.get(1, 1) == 1:
        return Part(TakeChannels(len(cuts[1]), cuts[1].start), [value])
    if len(value.shape) != 4 or 1 in cuts:
        raise NoLayerError(ONE_AT_A_TIME)
    if all(step == 1 for step in steps.values()):
        height, width = (_sides(value.shape[axis], cuts.get(axis)) for axis in (2, 3))
        return Part(Pad((*width, *height)), [value])
    thinned = {axis: range(0, value.shape[axis], steps.get(axis, 1)) for axis in cuts}
    if thinned != cuts:
        raise NoLayerError(ONE_AT_A_TIME)
    return Part(AvgPool2d(1, (steps.get(2, 1), steps.get(3, 1))), [value])


def _sides(length: int, taken: range | None) -> tuple[int, int]:
    return (0, 0) if taken is None else (-taken.start, taken.stop - length)


def part_of(divider: Any, parts: Any, number: Any) -> Part:
    """One of several parts of a tensor's channels.

    Args:
        divider: The call that has divided the tensor.
        parts: What it gave for the example.
        number: Which one.

    Raises:
        NoLayerError: They are no parts of the channels.
    """
    if (
        not isinstance(divider, fx.Node)
        or not isinstance(number, int)
        or not isinstance(parts, (tuple, list))
    ):
        raise NoLayerError("of several parts a layer takes one")
    source = [*divider.args, *divider.kwargs.values()][0]
    dim: Any = divider.kwargs.get("dim", [*divider.args, 0, 0][2])
    if not isinstance(source, fx.Node) or dim % parts[0].dim() != 1:
        raise NoLayerError(
            f"a layer divides the channels (dim 1), and no other axis than that: got dim {dim}"
        )
    sizes = [part.shape[1] for part in parts]
    whole = (parts[0].shape[0], sum(sizes), *parts[0].shape[2:])
    start = sum(sizes[: range(len(sizes))[number]])
    return cut(Value(source, whole, parts[0].dtype), {1: slice(start, start + sizes[number])})
