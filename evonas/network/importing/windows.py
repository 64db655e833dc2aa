"""Convolution, pooling and resizing as layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from ...architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    CeilMaxPool2d,
    Conv2d,
    ConvTranspose2d,
    GlobalAvgPool,
    Layer,
    MaxPool2d,
    PaddedAvgPool2d,
    Resize,
    same_padding,
)
from .part import NoLayerError, Part, Value

Numbers = int | Sequence[int]
Pair = tuple[int, int]


def pair(numbers: Numbers) -> Pair:
    """Height and width from one number, or a list of one or two."""
    if isinstance(numbers, int):
        return (numbers, numbers)
    return (int(numbers[0]), int(numbers[-1]))


def _padding(padding: Pair, kernel: Pair, dilation: Pair = (1, 1)) -> Pair | None:
    """None where the layer's own rule gives the same."""
    before, after = same_padding(kernel, dilation)
    return None if before == after == padding else padding


def images_only(value: Value) -> tuple[int, int, int]:
    """Channels, height and width.

    Raises:
        NoLayerError: The value is no batch of images.
    """
    if len(value.shape) != 4:
        raise NoLayerError(f"expected a batch of images (n, channels, height, width), got {value.shape}")
    return (value.shape[1], value.shape[2], value.shape[3])


def convolution(
    value: Value,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Part:
    """A convolution; with one filter for each channel it is depthwise."""
    channels = images_only(value)[0]
    filters, kernel = weight.shape[0], pair(weight.shape[2:])
    if isinstance(padding, str):
        before, after = same_padding(kernel, pair(dilation))
        if padding == "same" and before != after:
            raise NoLayerError("its padding 'same' is uneven, since its kernel is even")
        padding = before if padding == "same" else 0
    depthwise = groups == channels == filters and groups > 1
    layer = Conv2d(
        None if depthwise else filters,
        kernel,
        pair(stride),
        _padding(pair(padding), kernel, pair(dilation)),
        pair(dilation),
        1 if depthwise else groups,
        depthwise,
        bias is not None,
    )
    return Part(layer, [value], {"weight": weight} | ({} if bias is None else {"bias": bias}))


def transposed_convolution(
    value: Value,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> Part:
    """The transpose of a convolution."""
    images_only(value)
    layer = ConvTranspose2d(
        weight.shape[1] * groups,
        pair(weight.shape[2:]),
        pair(stride),
        pair(padding),
        pair(output_padding),
        pair(dilation),
        groups,
        bias is not None,
    )
    return Part(layer, [value], {"weight": weight} | ({} if bias is None else {"bias": bias}))


def general_convolution(
    value: Value,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: Numbers,
    padding: Numbers,
    dilation: Numbers,
    transposed: bool,
    output_padding: Numbers,
    groups: int,
) -> Part:
    """ATen's one operator for all convolutions."""
    if transposed:
        return transposed_convolution(value, weight, bias, stride, padding, output_padding, groups, dilation)
    return convolution(value, weight, bias, stride, padding, dilation, groups)


def max_pool(
    value: Value,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Part:
    """The maximum in each window."""
    channels, *size = images_only(value)
    if return_indices or pair(dilation) != (1, 1):
        raise NoLayerError("a layer gives neither the indices of maxima nor spaced windows")
    kernel = pair(kernel_size)
    choices = (kernel, pair(stride or kernel), _padding(pair(padding), kernel))
    layer: Layer = MaxPool2d(*choices)
    if ceil_mode:  # only where it gives another size
        ceil = CeilMaxPool2d(*choices)
        layer = layer if layer.shape([(channels, *size)]) == ceil.shape([(channels, *size)]) else ceil
    return Part(layer, [value])


def avg_pool(
    value: Value,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Part:
    """The mean in each window."""
    size, kernel, step, pads = (
        images_only(value)[1:],
        pair(kernel_size),
        pair(stride or kernel_size),
        pair(padding),
    )
    if divisor_override is not None:
        raise NoLayerError("a layer divides by the number of pixels, and by no other")
    if ceil_mode and any((n + 2 * p - k) % s for n, p, k, s in zip(size, pads, kernel, step, strict=True)):
        raise NoLayerError("no layer computes means in windows that reach beyond the image (ceil_mode)")
    kind = PaddedAvgPool2d if count_include_pad and pads != (0, 0) else AvgPool2d
    return Part(kind(kernel, step, _padding(pads, kernel)), [value])


def adaptive_avg_pool(value: Value, output_size: Any) -> Part:
    """The mean in each cell of a grid; nothing, if that is the image's size and not of one pixel."""
    size = _grid(value, output_size)
    same = size == images_only(value)[1:] and size != (1, 1)
    return Part(None if same else AdaptiveAvgPool2d(size), [value])


def adaptive_max_pool(value: Value, output_size: Any, return_indices: bool = False) -> Part:
    """The maximum in each cell of a grid whose cells do not overlap."""
    size, image = _grid(value, output_size), images_only(value)[1:]
    if return_indices or any(whole % cells for whole, cells in zip(image, size, strict=True)):
        raise NoLayerError(f"no layer computes the maxima of a grid of {size} cells in an image of {image}")
    kernel = (image[0] // size[0], image[1] // size[1])
    return Part(None if kernel == (1, 1) else MaxPool2d(kernel, kernel, _padding((0, 0), kernel)), [value])


def _grid(value: Value, size: Any) -> Pair:
    wanted = (size, size) if size is None or isinstance(size, int) else tuple(size)
    _, height, width = images_only(value)
    return (wanted[0] or height, wanted[-1] or width)


def mean(value: Value, dim: Any = None, keepdim: bool = False, *, dtype: torch.dtype | None = None) -> Part:
    """The mean over height and width."""
    axes = [dim] if isinstance(dim, int) else list(dim or ())
    if len(value.shape) != 4 or sorted(axis % 4 for axis in axes) != [2, 3] or dtype is not None:
        raise NoLayerError(f"a layer computes means over height and width, and over no other axes than {dim}")
    return Part(AdaptiveAvgPool2d(1) if keepdim else GlobalAvgPool(), [value])


def resize(
    value: Value,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Part:
    """Each pixel that of its nearest neighbour, or a mean of the four around it."""
    image = images_only(value)[1:]
    if mode not in ("nearest", "bilinear") or antialias:
        smoothed = " with antialias" if antialias else ""
        raise NoLayerError(f"a layer resizes by mode 'nearest' or 'bilinear', not by {mode!r}{smoothed}")
    if size is None:
        factors = (
            (scale_factor, scale_factor) if isinstance(scale_factor, int | float) else tuple(scale_factor)
        )
        if any(n * factor != int(n * factor) for n, factor in zip(image, factors, strict=True)):
            raise NoLayerError(f"a layer resizes to a size, so to whole pixels: {scale_factor} times {image}")
        size = tuple(math.floor(n * factor) for n, factor in zip(image, factors, strict=True))
    layer = Resize(pair(size), mode, bool(align_corners))
    return Part(None if pair(size) == image else layer, [value])


def aten_bilinear(value: Value, output_size: Any, align_corners: bool, *scales: Any) -> Part:
    """Bilinear interpolation as ATen has it: factors for both axes in a list, or one by one."""
    return _at_scales(value, output_size, scales, "bilinear", align_corners)


def aten_nearest(value: Value, output_size: Any, *scales: Any) -> Part:
    """Likewise, of the nearest neighbour."""
    return _at_scales(value, output_size, scales, "nearest", None)


def _at_scales(value: Value, size: Any, scales: Sequence[Any], mode: str, corners: bool | None) -> Part:
    """Factors come first: PyTorch computes by them where it has them."""
    factors = scales[0] if len(scales) == 1 else scales
    if not factors or any(factor is None for factor in factors):
        return resize(value, size, None, mode, corners)
    return resize(value, None, factors, mode, corners)
