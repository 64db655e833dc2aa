"""All calls that an import of models reads, in all their forms, and some that it refuses, with the reason."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

PARTIAL = r"changes in place a part or a view"
DIFFERENCE = r"the difference of two tensors"
IN_PART = r"layers share all of their tensors or none"
SHAPES = r"a layer (adds|multiplies) tensors of one shape"


ACTIVATIONS: dict[str, list[Callable[[torch.Tensor], torch.Tensor]]] = {
    "relu": [torch.relu, F.relu, torch.Tensor.relu],
    "relu in place": [torch.relu_, F.relu_, torch.Tensor.relu_, lambda x: F.relu(x, inplace=True)],
    "relu6": [F.relu6, lambda x: x.clamp(0, 6), lambda x: torch.clip(x, 0, 6), lambda x: F.hardtanh(x, 0, 6)],
    "relu6 in place": [lambda x: F.hardtanh_(x, 0, 6), lambda x: x.clamp_(0, 6), lambda x: x.clip_(0, 6),
                       lambda x: torch.clamp_(x, 0, 6), lambda x: F.relu6(x, inplace=True)],
    "clamp": [lambda x: torch.clamp(x, min=0), lambda x: x.clamp(0)],
    "clamp in place": [lambda x: torch.clamp_(x, min=0), lambda x: x.clamp_(min=0)],
    "leaky relu": [lambda x: F.leaky_relu(x, 0.2), lambda x: F.leaky_relu_(x, 0.2),
                   lambda x: F.leaky_relu(x, 0.3, inplace=True)],
    "elu": [F.elu, lambda x: F.elu(x, 0.7), lambda x: F.elu_(x, 0.7), lambda x: F.elu(x, inplace=True)],
    "sigmoid": [torch.sigmoid, F.sigmoid, torch.Tensor.sigmoid, torch.sigmoid_, torch.Tensor.sigmoid_],
    "tanh": [torch.tanh, F.tanh, torch.Tensor.tanh, torch.tanh_, torch.Tensor.tanh_],
    "gelu": [F.gelu, lambda x: F.gelu(x, approximate="tanh")],
    "silu": [F.silu, lambda x: F.silu(x, inplace=True)],
    "mish": [F.mish, lambda x: F.mish(x, inplace=True)],
    "hardswish": [F.hardswish, lambda x: F.hardswish(x, inplace=True)],
    "hardsigmoid": [F.hardsigmoid, lambda x: F.hardsigmoid(x, inplace=True)],
    "dropout": [lambda x: F.dropout(x, 0.2, training=False), lambda x: F.dropout(x, 0.2, False, True)],
    "the same": [torch.clone, torch.Tensor.contiguous, lambda x: x.to(x.dtype), lambda x: x,
                 lambda x: x.type_as(x)],
}  # fmt: skip

MODULES: list[Callable[[bool], nn.Module]] = [
    lambda inplace: nn.ReLU(inplace),
    lambda inplace: nn.ReLU6(inplace),
    lambda inplace: nn.LeakyReLU(0.2, inplace),
    lambda inplace: nn.ELU(0.8, inplace),
    lambda inplace: nn.SiLU(inplace),
    lambda inplace: nn.Mish(inplace),
    lambda inplace: nn.Hardswish(inplace),
    lambda inplace: nn.Hardsigmoid(inplace),
    lambda inplace: nn.Hardtanh(0, 6, inplace),
    lambda inplace: nn.Dropout(0.3, inplace),
    lambda inplace: nn.Sequential(nn.Sigmoid(), nn.Tanh()),
    lambda inplace: nn.Sequential(nn.GELU(), nn.ReLU(inplace)),
    lambda inplace: nn.Identity(),
]


NUMBERS: list[Callable[[Any, float], Any]] = [
    operator.add, operator.mul, operator.sub, operator.truediv, operator.iadd, operator.imul, operator.isub,
    operator.itruediv, torch.add, torch.mul, torch.sub, torch.div, torch.Tensor.add_, torch.Tensor.mul_,
    torch.Tensor.sub_, torch.Tensor.div_, torch.multiply, torch.true_divide, torch.Tensor.subtract,
    lambda x, number: number + x, lambda x, number: number * x, lambda x, number: number - x,
    lambda x, number: torch.add(x, number, alpha=2), lambda x, number: x.add_(number, alpha=0.5),
    lambda x, number: x.sub_(number, alpha=2),
]  # fmt: skip


PAIRS: list[tuple[str, Callable[[Any, Any], Any], str]] = [
    ("+", operator.add, SHAPES),
    ("+=", operator.iadd, SHAPES),
    ("*", operator.mul, SHAPES),
    ("*=", operator.imul, SHAPES),
    ("torch.add", torch.add, SHAPES),
    ("add_", torch.Tensor.add_, SHAPES),
    ("torch.mul", torch.mul, SHAPES),
    ("mul_", torch.Tensor.mul_, SHAPES),
    ("cat", lambda x, y: torch.cat([x, y], 1), ""),
    ("concat", lambda x, y: torch.concat((x, y), dim=-3), ""),
    ("gate", lambda x, y: x * torch.sigmoid(y.mean((2, 3), keepdim=True)), SHAPES),
    ("gate in place", lambda x, y: x.mul_(F.adaptive_avg_pool2d(y, 1)), SHAPES),
    ("gate of a vector", lambda x, y: x * y.mean((-1, -2))[:, :, None, None], SHAPES),
    ("gate expanded", lambda x, y: x * y.mean((2, 3), True).expand_as(x), SHAPES),
    ("-", operator.sub, DIFFERENCE),
    ("-=", operator.isub, DIFFERENCE),
]


class Factor(nn.Module):
    """A learnt factor for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.rand(channels, 1, 1) + 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


LAYERS: list[Callable[[int], nn.Module]] = [
    lambda channels: nn.Conv2d(channels, channels, 3, padding=1),
    lambda channels: nn.Conv2d(channels, channels, 1, bias=False),
    lambda channels: nn.Conv2d(channels, 4, 3, padding="same"),
    lambda channels: nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
    lambda channels: nn.BatchNorm2d(channels),
    lambda channels: nn.Sequential(nn.BatchNorm2d(channels, affine=False), nn.ReLU(inplace=True)),
    lambda channels: nn.MaxPool2d(3, 1, 1),
    lambda channels: nn.MaxPool2d(2),
    lambda channels: nn.AvgPool2d(3, 1, 1),
    lambda channels: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    lambda channels: nn.AdaptiveAvgPool2d(4),
    lambda channels: nn.Upsample(scale_factor=2),
    lambda channels: nn.GroupNorm(1, channels),
    lambda channels: nn.PReLU(channels),
    Factor,
]
FUNCTIONS: list[Callable[[torch.Tensor], torch.Tensor]] = [
    lambda x: F.max_pool2d(x, 2),
    lambda x: F.max_pool2d(x, 3, stride=1, padding=1),
    lambda x: F.avg_pool2d(x, 3, 1, 1),
    lambda x: F.adaptive_avg_pool2d(x, (2, 2)),
    lambda x: F.interpolate(x, scale_factor=2),
    lambda x: F.interpolate(x, size=(4, 4)) if x.shape[2] == 2 else x,
    lambda x: F.avg_pool2d(x, 2) if x.shape[2:] == (8, 8) and len(x) > 0 else x,
    lambda x: x[:, :, :, :],
]


FLAT_CHANGED = f"{PARTIAL}(?# of what is flat, where another name of the image is read)"

VIEWS: list[tuple[str, Callable[[torch.Tensor], Any], str]] = [
    ("view of the same shape", lambda x: x.view(x.shape), ""),
    ("view by size", lambda x: x.reshape(x.size(0), x.size(1), *x.shape[2:]), ""),
    ("flat", lambda x: x.flatten(1), FLAT_CHANGED),
    ("flat by view", lambda x: x.view(x.size(0), -1), FLAT_CHANGED),
    ("torch.flatten", lambda x: torch.flatten(x, 1), FLAT_CHANGED),
    ("flat, then changed", lambda x: torch.relu_(x.flatten(1)), PARTIAL),
    ("flat, then changed by a sum", lambda x: x.view(len(x), -1).tanh_(), PARTIAL),
]


def _set(x: torch.Tensor) -> torch.Tensor:
    x[:, 0] = 0
    return x


RARE: list[tuple[str, Callable[[torch.Tensor], Any], str]] = [
    ("a slice changed", lambda x: x[:, :1].relu_(), rf"{PARTIAL}|a layer reads all of a tensor"),
    ("a slice set", _set, rf"{PARTIAL}|'setitem'"),
    ("turned, then changed", lambda x: x.transpose(2, 3).sigmoid_(), rf"{PARTIAL}|'transpose'"),
    ("filled", lambda x: x.zero_(), r"'zero' .* no layer computes it"),
    ("copied into", lambda x: x.copy_(x * 2), r"'copy' .* no layer computes it"),
]
