"""Modules of PyTorch, each as a layer with its tensors.

A module is looked up by its class, or by the class that it inherits its ``forward`` from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...architecture.layers import Flatten, StridedPointwise
from . import edges, normalising, pointwise, windows
from .arithmetic import affine
from .orders import PIXELWISE_MODULES, check_order
from .part import NoLayerError, Part, Value, hint_of

Translation = Callable[[Any, Value], Part]


def _convolution(module: nn.Conv2d, value: Value) -> Part:
    if module.padding_mode != "zeros":
        raise NoLayerError(f"its padding_mode is {module.padding_mode!r}, where a layer pads with zeros")
    return windows.convolution(
        value, module.weight, module.bias, module.stride, module.padding, module.dilation, module.groups
    )


def _batch_norm(module: nn.BatchNorm1d | nn.BatchNorm2d, value: Value) -> Part:
    # A cumulative average has no momentum; the default takes its place in later training.
    momentum = 0.1 if module.momentum is None else module.momentum
    return pointwise.normalisation(
        value, module.running_mean, module.running_var, module.weight, module.bias, momentum, module.eps
    )


def _transposed_convolution(module: nn.ConvTranspose2d, value: Value) -> Part:
    if isinstance(module.padding, str):
        raise NoLayerError(f"its padding is {module.padding!r}, where a layer has a number of pixels")
    return windows.transposed_convolution(
        value,
        module.weight,
        module.bias,
        module.stride,
        module.padding,
        module.output_padding,
        module.groups,
        module.dilation,
    )


def _linear(module: nn.Linear, value: Value) -> Part:
    return pointwise.linear(value, module.weight, module.bias)


def _max_pool(module: nn.MaxPool2d, value: Value) -> Part:
    return windows.max_pool(
        value,
        module.kernel_size,
        module.stride,
        module.padding,
        module.dilation,
        module.ceil_mode,
        module.return_indices,
    )


def _avg_pool(module: nn.AvgPool2d, value: Value) -> Part:
    return windows.avg_pool(
        value,
        module.kernel_size,
        module.stride,
        module.padding,
        module.ceil_mode,
        module.count_include_pad,
        module.divisor_override,
    )


def _dropout(module: nn.Dropout, value: Value) -> Part:
    return pointwise.dropout(value, module.p, False, module.inplace)


def _flatten(module: nn.Flatten, value: Value) -> Part:
    end = module.end_dim if module.end_dim >= 0 else len(value.shape) + module.end_dim
    if module.start_dim != 1 or end != len(value.shape) - 1:
        raise NoLayerError(f"it flattens axes {module.start_dim} to {module.end_dim}, not all but the first")
    return Part(Flatten() if len(value.shape) > 2 else None, [value])


def _resize(module: nn.Upsample, value: Value) -> Part:
    return windows.resize(value, module.size, module.scale_factor, module.mode, module.align_corners)


def _layer_norm_2d(module: Any, value: Value) -> Part:
    return normalising.layer_norm_2d(value, module.weight, module.bias, module.eps)


def _stochastic_depth(module: Any, value: Value) -> Part:
    return pointwise.stochastic_depth(value, module.p, module.mode, False)


def _normalise(module: Any, value: Value) -> Part:
    """(image - mean) / std, with numbers for each channel."""
    mean, std = (
        torch.as_tensor(numbers, dtype=torch.float64).reshape(-1, 1, 1)
        for numbers in (module.mean, module.std)
    )
    identity = bool((mean == 0).all()) and bool((std == 1).all())
    return Part(None, [value]) if identity else affine(value, 1 / std, -mean / std)


MODULES: dict[type[nn.Module], Translation] = {
    nn.AdaptiveAvgPool2d: lambda module, value: windows.adaptive_avg_pool(value, module.output_size),
    nn.AdaptiveMaxPool2d: lambda module, value: windows.adaptive_max_pool(
        value, module.output_size, module.return_indices
    ),
    nn.AvgPool2d: _avg_pool,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.ConstantPad2d: lambda module, value: edges.framed(value, module.padding, module.value),
    nn.Conv2d: _convolution,
    nn.ConvTranspose2d: _transposed_convolution,
    nn.Dropout: _dropout,
    nn.Dropout2d: lambda module, value: pointwise.dropout2d(value, module.p, False, module.inplace),
    nn.ELU: lambda module, value: pointwise.elu(value, module.alpha, inplace=module.inplace),
    nn.Flatten: _flatten,
    nn.GELU: lambda module, value: pointwise.gelu(value, module.approximate),
    nn.GroupNorm: lambda module, value: normalising.group_norm(
        value, module.num_groups, module.weight, module.bias, module.eps
    ),
    nn.Hardsigmoid: lambda module, value: pointwise.hardsigmoid(value, module.inplace),
    nn.Hardswish: lambda module, value: pointwise.hardswish(value, module.inplace),
    nn.Hardtanh: lambda module, value: pointwise.hardtanh(
        value, module.min_val, module.max_val, module.inplace
    ),
    nn.Identity: lambda module, value: Part(None, [value]),
    nn.LayerNorm: lambda module, value: normalising.layer_norm(
        value, module.normalized_shape, module.weight, module.bias, module.eps
    ),
    nn.LeakyReLU: lambda module, value: pointwise.leaky_relu(value, module.negative_slope, module.inplace),
    nn.Linear: _linear,
    nn.MaxPool2d: _max_pool,
    nn.Mish: lambda module, value: pointwise.mish(value, module.inplace),
    nn.PReLU: lambda module, value: pointwise.prelu(value, module.weight),
    nn.ReLU: lambda module, value: pointwise.relu(value, module.inplace),
    nn.ReLU6: lambda module, value: pointwise.relu6(value, module.inplace),
    nn.SiLU: lambda module, value: pointwise.silu(value, module.inplace),
    nn.Sigmoid: lambda module, value: pointwise.sigmoid(value),
    nn.SyncBatchNorm: _batch_norm,
    nn.Tanh: lambda module, value: pointwise.tanh(value),
    nn.Upsample: _resize,
    nn.ZeroPad2d: lambda module, value: edges.framed(value, module.padding),
}
"""Modules of torch.nn."""

MODULES[StridedPointwise] = MODULES[nn.Conv2d]  # a convolution in all but how it is trained

COMPUTING = ("forward", "_conv_forward")
"""Methods that compute what a module gives; one that has others than PyTorch's is looked into."""

OTHERS: dict[str, Translation] = {
    "timm.layers.norm.LayerNorm2d": _layer_norm_2d,
    "torchvision.models.convnext.LayerNorm2d": _layer_norm_2d,
    "torchvision.ops.stochastic_depth.StochasticDepth": _stochastic_depth,
    "torchvision.transforms.transforms.Normalize": _normalise,
    "torchvision.transforms.v2._misc.Normalize": _normalise,
}
"""Modules of torchvision and timm, by name: they need not be installed."""


def translation(module: nn.Module) -> Translation | None:
    """What makes a layer of such a module; None if nothing does."""
    if "forward" in vars(module):  # of its own, unlike its class
        return None
    for kind in type(module).__mro__:
        if not issubclass(kind, nn.Module) or any(
            getattr(kind, name, None) is not getattr(type(module), name, None) for name in COMPUTING
        ):
            break
        found = MODULES.get(kind) or OTHERS.get(f"{kind.__module__}.{kind.__qualname__}")
        if found:
            return None if _computed(module) else found
    return None


def _computed(module: nn.Module) -> bool:
    """Whether its tensors are computed from others, by what PyTorch calls a parametrisation."""
    return hasattr(module, "parametrizations")


def module_part(module: nn.Module, values: list[Value]) -> Part:
    """A call of a module as a layer.

    Raises:
        NoLayerError: No layer computes the same.
    """
    make = translation(module)
    if make is None:
        if _computed(module):
            raise NoLayerError(
                "its tensors are computed from others; torch.nn.utils.parametrize.remove_parametrizations "
                "makes them plain"
            )
        names = ", ".join(sorted(kind.__name__ for kind in MODULES))
        if isinstance(module, _BatchNorm):
            raise NoLayerError("batch normalisation of anything but images has no layer")
        hint = hint_of(type(module).__name__)
        raise NoLayerError(f"no layer computes it{hint}; those modules can be: {names}")
    if len(values) != 1:
        hint = "; give output_padding where it is made" if isinstance(module, nn.ConvTranspose2d) else ""
        raise NoLayerError(f"expected it to be called with an image alone, got {len(values)} arguments{hint}")
    check_order([values[0].last], isinstance(module, PIXELWISE_MODULES))
    return make(module, values[0])
