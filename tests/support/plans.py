"""Small plans, driven by hand, and the same computed by PyTorch in float32 and in float64."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from evonas.architecture import Architecture
from evonas.architecture.layers import Add, Input
from evonas.network import build
from evonas.training.planned import Matched, Tape, match, plan_step
from evonas.training.planned.places import Gradients

Body = Callable[[Architecture, str], object]
"""Adds nodes behind one that gives an image."""

EXACT = 1e-5
"""How far results may be from float64, of the largest number there."""

ROUNDING = 2.0**-23
"""Of a number in float32."""


def gap(found: Tensor, exact: Tensor, least: float = 1e-12) -> float:
    """The largest difference, of the largest number there if that is not less than so much."""
    most = exact.abs().max().item()
    return (found.double() - exact).abs().max().item() / max(most, least)


@dataclass
class Numbers:
    """What a step gives: outputs, gradients of the image and of tensors, running statistics."""

    output: Tensor
    image: Tensor
    gradients: dict[str, Tensor]
    buffers: dict[str, Tensor]

    def all(self) -> dict[str, Tensor]:
        return {"output": self.output, "gradient of the image": self.image, **self.gradients, **self.buffers}


def spread_weights(network: nn.Module, seed: int) -> nn.Module:
    """Gives vectors (of normalisations, biases) other numbers than 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in network.parameters():
            if tensor.dim() == 1:
                tensor.add_(0.3 * torch.randn(tensor.shape, generator=generator))
    return network


class Small:
    """A few nodes between an image and a result, whose every number is compared.

    In the plan the image is half of what the nodes read, and added to itself, which costs no digit: so the
    gradient of what they read is computed, and lies in the arena.
    """

    def __init__(self, body: Body, shape: tuple[int, ...], images: int, seed: int = 0) -> None:
        self.alone, self.behind = Architecture(), Architecture()
        body(self.alone, self.alone.add("stem", Input(shape)))
        image = self.behind.add("image", Input(shape))
        body(self.behind, self.behind.add("stem", Add(), image, image))
        self.shape, self.images = shape, images
        self.generator = torch.Generator().manual_seed(seed)
        self.network = spread_weights(build(self.alone, seed), seed)
        self.network.to(memory_format=torch.channels_last)
        self.image = 2 * torch.randn(images, *shape, generator=self.generator)
        self.seed = torch.randn(images, *self.alone.shape(self.alone.output), generator=self.generator)
        self.matched: Matched = match(self.behind, steered=False)

    def planned(self) -> Numbers:
        """By a plan."""
        network = copy.deepcopy(self.network).train()
        plan = plan_step(self.matched, self.images)
        arena, gradients = np.full(plan.floats, np.nan, dtype=np.float32), Gradients(network)
        gradients.whole.fill_(math.nan)  # what is read before it is written shows
        tape = Tape(plan, network, arena, gradients)
        (output,) = tape.forward(self.image / 2)
        made = self.seed.shape[1:]
        result = _channels_first(output, made)
        tape.backward([_channels_last(self.seed)])
        there = tape.places.values(plan.recorder.gradient("stem"), self.shape)
        own = {name: tensor.clone() for name, tensor in gradients.of.items()}
        return Numbers(result, there.clone(), own, dict(network.named_buffers()))

    def eager(self, dtype: torch.dtype = torch.float64, blurred: float = 0.0) -> Numbers:
        """By PyTorch; from numbers that are a little off, by so much of their size."""
        generator = torch.Generator().manual_seed(0)

        def blur(tensor: Tensor) -> Tensor:
            noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
            return tensor.to(dtype) * (1 + blurred * noise).to(dtype)

        network = copy.deepcopy(self.network).to(dtype).train()
        with torch.no_grad():
            for tensor in network.parameters():
                tensor.copy_(blur(tensor))
        image = blur(self.image).contiguous(memory_format=torch.channels_last).requires_grad_()
        output = network(image)
        output.backward(blur(self.seed))
        own = {name: tensor.grad for name, tensor in network.named_parameters()}
        return Numbers(output.detach(), image.grad, own, dict(network.named_buffers()))

    def check(self, within: float = EXACT) -> None:
        """Compares each tensor with float64."""
        found = self.planned().all()
        for name, tensor in self.eager().all().items():
            off = gap(found[name], tensor)
            assert off <= within, f"{name}: {off:.1e}"

    def check_normalised(self, within: float = EXACT, times: float = 4.0) -> None:
        """Compares where there are normalisations.

        Behind one of few numbers a gradient is what is left of larger ones: it counts as at least 0.3 of the
        largest, a mean as at least a deviation. And each may be so many times as far off as float32 is in
        PyTorch, or float64 where what it is given is rounded to float32.
        """
        exact, found = self.eager(), self.planned().all()
        others = [self.eager(torch.float32).all(), self.eager(blurred=ROUNDING).all()]
        largest = max(tensor.abs().max().item() for tensor in (exact.image, *exact.gradients.values()))
        for name, tensor in exact.all().items():
            if tensor.dtype != torch.float64:  # a count of batches
                continue
            least = 0.3 * largest if name in exact.gradients else 1e-12
            if name.endswith("running_mean"):
                least = exact.buffers[name.replace("mean", "var")].max().sqrt().item() / 10
            most = max([within, *(times * gap(other[name], tensor, least) for other in others)])
            off = gap(found[name], tensor, least)
            assert off <= most, f"{name}: {off:.1e}, more than {most:.1e}"


def _channels_last(image: Tensor) -> Tensor:
    return (image.permute(0, 2, 3, 1) if image.dim() == 4 else image).reshape(len(image), -1)


def _channels_first(flat: Tensor, shape: torch.Size) -> Tensor:
    if len(shape) != 3:
        return flat.clone()
    c, h, w = shape
    return flat.reshape(-1, h, w, c).permute(0, 3, 1, 2).clone()
