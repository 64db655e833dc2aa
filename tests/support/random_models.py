"""Random models of all calls that an import reads, in all their forms.

With aliases, changes in place, layers that are called again, and others that have their weights.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import torch
from random_calls import ACTIVATIONS, FUNCTIONS, IN_PART, LAYERS, MODULES, NUMBERS, PAIRS, RARE, VIEWS
from torch import nn

Work = Callable[[list[torch.Tensor]], None]
"""Reads tensors, and adds to them or changes them."""


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
            step = draw(rng, values, list(self.parts))
            try:
                step.work(values)
            except (RuntimeError, ValueError, IndexError):
                continue  # shapes that do not fit
            self.steps.append(step)
            if step.module is not None:
                self.parts.append(step.module)
        images = [index for index, value in enumerate(values) if value.dim() == 4]
        self.read = rng.sample(images, min(len(images), rng.choice((1, 2, 2, 3))))
        if images[-1] not in self.read and rng.random() < 0.5:
            self.read.append(images[-1])
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


def draw(rng: random.Random, values: list[torch.Tensor], modules: list[nn.Module]) -> Step:
    """A call that may fit the tensors that there are, of a module that was called before, too."""
    if rng.random() < 0.3:
        return _again(rng, values, modules)
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


def _activation(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at, kept = _pick(rng, values), rng.random() < 0.7
    if rng.random() < 0.3:
        module = rng.choice(MODULES)(rng.random() < 0.6)
        return Step(f"{module} of {at}", _result(at, module, kept), module)
    name = rng.choice(list(ACTIVATIONS))
    number = rng.randrange(len(ACTIVATIONS[name]))
    return Step(f"{name} {number} of {at}", _result(at, ACTIVATIONS[name][number], kept))


def _number(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at, which, number = _pick(rng, values), rng.randrange(len(NUMBERS)), rng.choice((0.5, 2, -1.5, 1))
    if values[at].dim() != 4:
        at = 0
    return Step(
        f"number {which} with {number} of {at}",
        _result(at, lambda x: NUMBERS[which](x, number), rng.random() < 0.7),
    )


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


def _layer(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at = _pick(rng, values)
    if values[at].dim() != 4 or values[at].shape[2] > 16:
        at = 0
    if rng.random() < 0.4:
        which = rng.randrange(len(FUNCTIONS))
        return Step(f"window {which} of {at}", _result(at, FUNCTIONS[which]))
    module = rng.choice(LAYERS)(values[at].shape[1]).double().eval()
    return Step(f"{module} of {at}", _result(at, module), module)


def _again(rng: random.Random, values: list[torch.Tensor], modules: list[nn.Module]) -> Step:
    holding = [module for module in modules if module.state_dict()]
    if not holding:
        return _layer(rng, values)
    at, module = _pick(rng, values), rng.choice(holding if rng.random() < 0.8 else modules)
    if rng.random() < 0.7:
        return Step(f"again {module} of {at}", _result(at, module), module)
    whole = rng.random() < 0.8
    other = tied(module, whole)
    reason = IN_PART if not whole and _differ(module, other) else ""
    return Step(f"{'tied' if whole else 'half tied'} {other} of {at}", _result(at, other), other, reason)


@torch.no_grad()
def tied(module: nn.Module, whole: bool) -> nn.Module:
    """Another module of the kind with the same tensors, or with the same weight and tensors of its own."""
    other = copy.deepcopy(module)
    for one, twin in zip(module.modules(), other.modules(), strict=True):
        for mine, theirs in ((one._parameters, twin._parameters), (one._buffers, twin._buffers)):
            for key, value in mine.items():
                if whole or key == "weight":
                    theirs[key] = value
                elif value is not None and value.is_floating_point():
                    theirs[key].mul_(1.5)
    return other


def _differ(module: nn.Module, other: nn.Module) -> bool:
    """Whether two modules share some of their tensors, and some not."""
    names = {key for key, value in other.state_dict().items() if value.dim()}  # no counter
    mine, theirs = module.state_dict(), other.state_dict()
    same = {key for key in names if mine[key].data_ptr() == theirs[key].data_ptr()}
    return bool(same) and same != names


def _view(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at = _pick(rng, values)
    name, function, reason = rng.choice(VIEWS[:5] if rng.random() < 0.8 else VIEWS)
    return Step(f"{name} of {at}", _result(at, function), reason=reason)


def _rare(rng: random.Random, values: list[torch.Tensor]) -> Step:
    at = _pick(rng, values)
    if rng.random() < 0.7:
        return _activation(rng, values)
    name, function, reason = rng.choice(RARE)
    return Step(f"{name} {at}", _result(at, function, rng.random() < 0.3), reason=reason)
