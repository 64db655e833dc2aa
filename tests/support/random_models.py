"""Random models of all calls that an import reads, in all their forms, with aliases and changes in place."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Work = Callable[[list[torch.Tensor]], None]
"""Reads tensors, and adds to them or changes them."""

PARTIAL = r"changes in place a part or a view"
DIFFERENCE = r"the difference of two tensors"
SHAPES = r"a layer (adds|multiplies) tensors of one shape"


class Step:
    """One call.

    Args:
        name: What is done, for reports.
        work: Does it.
        module: Belongs to the model.
        reason: The one true reason for refusing it; empty if it is to be read.
    """

    def __init__(self, name: str, work: Work, module: nn.Module | None = None, reason: str = "") -> None:
        self.name, self.work, self.module, self.reason = name, work, module, reason


class RandomModel(nn.Module):
    """Does its steps, and reads several of all tensors at the end."""

    def __init__(self, rng: random.Random, steps: int, probe: torch.Tensor) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.parts = nn.ModuleList()
        values = [probe.clone()]
        while len(self.steps) < steps:
            step = draw(rng, values)
            try:
                step.work(values)
            except (RuntimeError, ValueError, IndexError):
                continue  # shapes that do not fit
            self.steps.append(step)
            if step.module is not None:
                self.parts.append(step.module)
        images = [index for index, value in enumerate(values) if value.dim() == 4]
        self.read = rng.sample(images, min(len(images), rng.choice((1, 2, 2, 3))))
        width = sum(values[index].shape[1] for index in self.read)
        self.last = nn.Linear(width, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        values = [images]
        for step in self.steps:
            step.work(values)
        return self.last(torch.cat([values[index].mean((2, 3)) for index in self.read], 1))

    def described(self) -> str:
        return ", ".join(step.name for step in self.steps) + f"; reads {self.read}"


def random_model(rng: random.Random, probe: torch.Tensor) -> RandomModel:
    """A model in evaluation mode, with random weights and statistics, in double precision."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(rng.randrange(2**32))
        model = RandomModel(rng, rng.randint(2, 9), probe)
        for name, tensor in model.named_buffers():
            tensor.normal_() if name.endswith("mean") else tensor.float().uniform_(0.5, 2)
        return model.double().eval()


def draw(rng: random.Random, values: list[torch.Tensor]) -> Step:
    """A call that may fit the tensors that there are."""
    kinds = (_activation,) * 4 + (_number,) * 3 + (_pair,) * 4 + (_layer,) * 3 + (_view,) * 2 + (_rare,)
    return rng.choice(kinds)(rng, values)


def _pick(rng: random.Random, values: list[torch.Tensor]) -> int:
    return rng.choice((len(values) - 1, rng.randrange(len(values))))


def _result(at: int, function: Callable[[torch.Tensor], Any], kept: bool = True) -> Work:
    def work(values: list[torch.Tensor]) -> None:
        result = function(values[at])
        if kept:
            values.append(result)

    return work


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


def _activation(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at, kept = _pick(rng, values), rng.random() < 0.7
    if rng.random() < 0.3:
        module = rng.choice(MODULES)(rng.random() < 0.6)
        return Step(f"{module} of {at}", _result(at, module, kept), module)
    name = rng.choice(list(ACTIVATIONS))
    number = rng.randrange(len(ACTIVATIONS[name]))
    return Step(f"{name} {number} of {at}", _result(at, ACTIVATIONS[name][number], kept))


NUMBERS: list[Callable[[Any, float], Any]] = [
    operator.add, operator.mul, operator.sub, operator.truediv, operator.iadd, operator.imul, operator.isub,
    operator.itruediv, torch.add, torch.mul, torch.sub, torch.div, torch.Tensor.add_, torch.Tensor.mul_,
    torch.Tensor.sub_, torch.Tensor.div_, torch.multiply, torch.true_divide, torch.Tensor.subtract,
    lambda x, number: number + x, lambda x, number: number * x, lambda x, number: number - x,
    lambda x, number: torch.add(x, number, alpha=2), lambda x, number: x.add_(number, alpha=0.5),
    lambda x, number: x.sub_(number, alpha=2),
]  # fmt: skip


def _number(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at, which, number = _pick(rng, values), rng.randrange(len(NUMBERS)), rng.choice((0.5, 2, -1.5, 1))
    if values[at].dim() != 4:
        at = 0
    return Step(
        f"number {which} with {number} of {at}",
        _result(at, lambda x: NUMBERS[which](x, number), rng.random() < 0.7),
    )


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


def _pair(rng: random.Random, values: list[torch.Tensor]) -> Step:
    one, other = _pick(rng, values), rng.randrange(len(values))
    last = 2 if rng.random() < 0.95 else 0
    name, function, reason = rng.choice(PAIRS[: len(PAIRS) - last])
    fits = values[one].shape == values[other].shape and values[one].dim() == 4
    if values[one].dim() != 4 or values[other].dim() != 4:
        one = other = 0
    kept = rng.random() < 0.7

    def work(values: list[torch.Tensor]) -> None:
        result = function(values[one], values[other])
        if kept:
            values.append(result)

    return Step(f"{one} {name} {other}", work, reason="" if fits and last else reason)


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


def _layer(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at = _pick(rng, values)
    if values[at].dim() != 4 or values[at].shape[2] > 16:
        at = 0
    if rng.random() < 0.4:
        which = rng.randrange(len(FUNCTIONS))
        return Step(f"window {which} of {at}", _result(at, FUNCTIONS[which]))
    module = rng.choice(LAYERS)(values[at].shape[1]).double().eval()
    return Step(f"{module} of {at}", _result(at, module), module)


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


def _view(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at = _pick(rng, values)
    name, function, reason = rng.choice(VIEWS[:5] if rng.random() < 0.8 else VIEWS)
    return Step(f"{name} of {at}", _result(at, function), reason=reason)


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


def _rare(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at = _pick(rng, values)
    if rng.random() < 0.7:
        return _activation(rng, values)
    name, function, reason = rng.choice(RARE)
    return Step(f"{name} {at}", _result(at, function, rng.random() < 0.3), reason=reason)
