"""Activations, normalisation, dropout and the linear map as layers."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from ...architecture.layers import (
    ELU,
    GELU,
    BatchNorm1d,
    BatchNorm2d,
    Dropout,
    Dropout2d,
    DropPath,
    Hardsigmoid,
    Hardswish,
    Layer,
    LeakyReLU,
    Linear,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Tanh,
)
from .part import NoLayerError, Part, Value
from .windows import convolution, images_only

Limit = float | torch.Tensor | None


def _activation(layer: Layer) -> Callable[..., Part]:
    def made(value: Value, inplace: bool = False) -> Part:
        return Part(layer, [value])

    return made


relu = _activation(ReLU())
relu6 = _activation(ReLU6())
silu = _activation(SiLU())
hardswish = _activation(Hardswish())
hardsigmoid = _activation(Hardsigmoid())
sigmoid = _activation(Sigmoid())
tanh = _activation(Tanh())
mish = _activation(Mish())


def gelu(value: Value, approximate: str = "none") -> Part:
    """GELU, exact or by a hyperbolic tangent."""
    return Part(GELU(approximate == "tanh"), [value])


def leaky_relu(value: Value, negative_slope: float = 0.01, inplace: bool = False) -> Part:
    """The leaky rectifier."""
    return Part(LeakyReLU(negative_slope), [value])


def prelu(value: Value, weight: torch.Tensor) -> Part:
    """The leaky rectifier with a learnt slope, one for all channels or one for each."""
    if not isinstance(weight, torch.Tensor):
        raise NoLayerError("a layer's slope is a constant")
    shared = weight.numel() == 1
    return Part(PReLU(shared), [value], {"weight": weight.reshape(-1)})


def elu(
    value: Value, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0, inplace: bool = False
) -> Part:
    """ELU; not its scaled variant."""
    if (scale, input_scale) != (1, 1):
        raise NoLayerError("no layer computes a scaled ELU")
    return Part(ELU(alpha), [value])


def functional_elu(value: Value, alpha: float = 1.0, inplace: bool = False) -> Part:
    """As torch.nn.functional has it."""
    return elu(value, alpha, inplace=inplace)


def hardtanh(value: Value, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Part:
    """Only with the limits of ReLU6."""
    if (min_val, max_val) != (0, 6):
        raise NoLayerError(f"a layer limits numbers to 0 and 6 (ReLU6), not to {min_val} and {max_val}")
    return relu6(value, inplace)


def clamp(value: Value, min: Limit = None, max: Limit = None) -> Part:
    """Only with the limits of ReLU or ReLU6."""
    for limit in (min, max):
        if isinstance(limit, torch.nn.Parameter) or (isinstance(limit, torch.Tensor) and limit.numel() != 1):
            raise NoLayerError(
                "a layer limits numbers to 0 and 6 (ReLU6), which are not learnt and all alike"
            )
    lowest, highest = -math.inf if min is None else float(min), math.inf if max is None else float(max)
    return relu(value) if (lowest, highest) == (0, math.inf) else hardtanh(value, lowest, highest)


def normalisation(
    value: Value,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Part:
    """Batch normalisation; a scale or shift that is missing starts as 1 or 0."""
    kind = BatchNorm1d if len(value.shape) == 2 else BatchNorm2d
    if kind is BatchNorm2d:
        images_only(value)
    if running_mean is None or running_var is None:
        raise NoLayerError("it keeps no running statistics, which evaluation needs")
    tensors = {
        "weight": torch.ones_like(running_mean) if weight is None else weight,
        "bias": torch.zeros_like(running_mean) if bias is None else bias,
        "running_mean": running_mean,
        "running_var": running_var,
    }
    return Part(kind(eps, momentum), [value], tensors)


def functional_batch_norm(
    value: Value,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Part:
    """As torch.nn.functional has it."""
    if training:
        raise NoLayerError(
            "it normalises with the batch's own statistics; export a program of a model in evaluation mode"
        )
    return normalisation(value, running_mean, running_var, weight, bias, momentum, eps)


def aten_batch_norm(
    value: Value,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Part:
    """As ATen has it."""
    return functional_batch_norm(value, running_mean, running_var, weight, bias, training, momentum, eps)


def inference_batch_norm(
    value: Value,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    momentum: float,
    eps: float,
) -> Part:
    """As ATen's core has it."""
    return normalisation(value, running_mean, running_var, weight, bias, momentum, eps)


def linear(value: Value, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Part:
    """The linear map of a vector, or of each pixel whose channels are last."""
    if value.last:
        return convolution(value, weight[:, :, None, None], bias)
    if len(value.shape) != 2:
        raise NoLayerError(f"a linear layer reads vectors (n, features), got {value.shape}")
    layer = Linear(weight.shape[0], bias is not None)
    return Part(layer, [value], {"weight": weight} | ({} if bias is None else {"bias": bias}))


def addmm(bias: torch.Tensor, value: Value, matrix: torch.Tensor) -> Part:
    """A linear map as ATen's core has it."""
    return linear(value, matrix.t(), bias)


def matmul(value: Value, matrix: torch.Tensor) -> Part:
    """A linear map without a bias."""
    if not isinstance(matrix, torch.Tensor) or matrix.dim() != 2:
        raise NoLayerError("a layer multiplies vectors by a constant matrix, and by nothing else")
    return linear(value, matrix.t())


def dropout(value: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> Part:
    """Dropout, which does nothing in evaluation mode."""
    if training:
        raise NoLayerError("it drops in evaluation mode too")
    return Part(Dropout(p) if p else None, [value])


def dropout2d(value: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> Part:
    """Dropout of whole channels."""
    if training:
        raise NoLayerError("it drops in evaluation mode too")
    images_only(value)
    return Part(Dropout2d(p) if p else None, [value])


def stochastic_depth(value: Value, p: float, mode: str, training: bool = True) -> Part:
    """Torchvision's drop path; how often it drops is the training plan's choice."""
    if training or mode != "row":
        raise NoLayerError("a layer drops a path for each example by itself, while training only")
    return Part(DropPath() if p else None, [value])
