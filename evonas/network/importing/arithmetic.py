"""Sums, products and joins as layers, with constants and among tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...architecture.layers import Add, Concat, Conv2d, Multiply, Scale
from .part import NoLayerError, Part, Value
from .windows import images_only

Constant = torch.Tensor | float | int
Operand = Value | Constant


def add(one: Operand, other: Operand, alpha: float = 1) -> Part:
    """One + alpha · other."""
    if isinstance(one, Value) and isinstance(other, Value):
        if alpha != 1 or one.shape != other.shape:
            raise NoLayerError(f"a layer adds tensors of one shape, got {one.shape} and {other.shape}")
        return Part(Add(), [one, other])
    if isinstance(one, Value) and not isinstance(other, Value):
        return affine(one, 1, other * alpha if _is_number(other) else _double(other) * alpha)
    if isinstance(other, Value) and not isinstance(one, Value):
        return affine(other, alpha, one)
    raise NoLayerError("it adds constants")


def subtract(one: Operand, other: Operand, alpha: float = 1) -> Part:
    """One - alpha · other; one of the two is a constant."""
    if isinstance(one, Value) and isinstance(other, Value):
        raise NoLayerError("no layer computes the difference of two tensors")
    return add(one, other, -alpha)


def subtract_from(one: Operand, other: Operand, alpha: float = 1) -> Part:
    """Other - alpha · one, as ``rsub`` has it; one of the two is a constant."""
    return subtract(other, one, alpha)


def negate(value: Operand) -> Part:
    """-1 · value."""
    return multiply(value, -1)


def multiply(one: Operand, other: Operand) -> Part:
    """One · other."""
    if not isinstance(one, Value):
        one, other = other, one
    if not isinstance(one, Value):
        raise NoLayerError("it multiplies constants")
    if isinstance(other, Value):
        return _gate(one, other)
    if isinstance(other, torch.nn.Parameter) and other.numel() == 1:
        return Part(Scale(), [one], {"weight": other.reshape(1)})
    return affine(one, other, 0)


def _gate(one: Value, other: Value) -> Part:
    big, small = (one, other) if len(one.shape) == 4 and one.shape[2:] != (1, 1) else (other, one)
    if small.shape not in (big.shape, (*big.shape[:2], 1, 1)):
        raise NoLayerError(
            f"a layer multiplies tensors of one shape, or an image and a gate for each channel, "
            f"got {one.shape} and {other.shape}"
        )
    return Part(Multiply(), [one, other])


def divide(one: Operand, other: Operand) -> Part:
    """One / other, where other is a constant."""
    if not isinstance(one, Value) or isinstance(other, Value):
        raise NoLayerError("no layer divides by a tensor that depends on the images")
    return affine(one, 1 if _is_number(other) and other == 1 else 1 / _double(other), 0)


def concat(values: Sequence[Operand], dim: int = 0) -> Part:
    """Joins channels."""
    read = [value for value in values if isinstance(value, Value)]
    if len(read) != len(values) or dim % len(read[0].shape) != 1:
        raise NoLayerError(f"a layer joins the channels (dim 1) of tensors, not dim {dim} nor constants")
    return Part(Concat(), read)


def affine(value: Value, scale: Constant, shift: Constant) -> Part:
    """A linear function of one number, or one for each channel: a depthwise convolution of one pixel.

    Nothing, if the model's code multiplies by the number 1 and adds 0; tensors of these may be trained.
    """
    if _is_number(scale) and _is_number(shift) and (scale, shift) == (1, 0):
        return Part(None, [value])
    factors, terms = (_double(constant) for constant in (scale, shift))
    channels = images_only(value)[0]
    weight = _by_channel(factors, channels, value.last).to(value.dtype).reshape(channels, 1, 1, 1)
    bias = _by_channel(terms, channels, value.last).to(value.dtype)
    shifts = bool(bias.any()) or not _is_number(shift)
    layer = Conv2d(kernel=1, depthwise=True, bias=shifts)
    return Part(layer, [value], {"weight": weight} | ({"bias": bias} if shifts else {}), constant=True)


def _is_number(constant: Constant) -> bool:
    """Whether it is a number in the model's code, and no tensor, which may be trained."""
    return not isinstance(constant, torch.Tensor)


def _double(constant: Constant) -> torch.Tensor:
    return torch.as_tensor(constant).detach().to("cpu", torch.float64)


def _by_channel(constant: torch.Tensor, channels: int, last: bool = False) -> torch.Tensor:
    """One number for each channel, from what broadcasts to that."""
    shape = tuple(constant.shape)
    if constant.numel() == 1:
        return constant.reshape(1).repeat(channels)
    ends = (
        ((channels,), (1, 1, channels), (1, 1, 1, channels))
        if last
        else ((channels, 1, 1), (1, channels, 1, 1))
    )
    if shape in ends:
        return constant.reshape(channels).clone()
    raise NoLayerError(f"a layer has a constant for each of the {channels} channels, got the shape {shape}")
