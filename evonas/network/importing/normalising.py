"""Normalisation of each example by itself as layers: by groups of channels, and over the channels."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...architecture.layers import GroupNorm, LayerNorm, LayerNorm2d
from .part import NoLayerError, Part, Value
from .windows import images_only

Tensor = torch.Tensor


def _tensors(value: Value, weight: Tensor | None, bias: Tensor | None) -> dict[str, Tensor]:
    """Scale and shift for each channel; what is missing starts as 1 or 0."""
    like = next((one for one in (weight, bias) if one is not None), torch.empty(0, dtype=value.dtype))
    channels = value.shape[1]
    return {
        "weight": like.new_ones(channels) if weight is None else weight,
        "bias": like.new_zeros(channels) if bias is None else bias,
    }


def group_norm(
    value: Value,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Part:
    """Normalisation over the pixels of each group of channels."""
    images_only(value)
    return Part(GroupNorm(num_groups, eps), [value], _tensors(value, weight, bias))


def native_group_norm(
    value: Value,
    weight: Tensor | None,
    bias: Tensor | None,
    n: int,
    channels: int,
    pixels: int,
    num_groups: int,
    eps: float,
) -> Part:
    """As ATen's core has it."""
    return group_norm(value, num_groups, weight, bias, eps)


def layer_norm(
    value: Value,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Part:
    """Normalisation of a vector; of a whole image where it has no scale, or one by channel."""
    shape = tuple(normalized_shape)
    if value.last and shape == (value.shape[1],):
        return layer_norm_2d(value, weight, bias, eps)
    if len(value.shape) == 2 and shape == value.shape[1:]:
        return Part(LayerNorm(eps), [value], _tensors(value, weight, bias))
    if len(value.shape) == 4 and shape == value.shape[1:] and not value.last:
        scale, shift = (_by_channel(tensor) for tensor in (weight, bias))
        return Part(GroupNorm(1, eps), [value], _tensors(value, scale, shift))
    raise NoLayerError(
        "a layer normalises vectors, images over all pixels and channels, or over the channels "
        f"(LayerNorm2d), not {value.shape} over {shape}"
    )


def _by_channel(tensor: Tensor | None) -> Tensor | None:
    """One number for each channel of a tensor that has one for each pixel.

    Raises:
        NoLayerError: Those of a channel differ.
    """
    if tensor is None:
        return None
    first = tensor[:, :1, :1]
    if not bool((tensor == first).all()):
        raise NoLayerError("a layer has a scale for each channel, not for each pixel")
    return first.reshape(-1)


def layer_norm_2d(
    value: Value, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-6
) -> Part:
    """Normalisation over the channels of each pixel."""
    images_only(value)
    return Part(LayerNorm2d(eps), [value], _tensors(value, weight, bias))
