"""Whole networks: a step on a plan beside PyTorch's own, in float32 and in float64."""

import copy
import random

import torch
from plans import spread_weights
from torch import Tensor, nn
from torch.nn import functional as F

from evonas.architecture import Architecture
from evonas.evolution import genome_type
from evonas.network import build
from evonas.task import Task
from evonas.training.device import Compute
from evonas.training.plan import Plan
from evonas.training.planned import Matched, PlannedNetwork, PlannedStep, match

PLANNED = Compute(kernels="planned")

SMALL = {
    "amoeba": {"cells": 1, "filters": 8, "stages": 2, "combinations": 3},
    "darts": {"cells": 3, "filters": 4},
    "genet": {"nodes": [3, 3], "filters": 4, "hidden": 8},
    "graph": {"filters": [4, 6, 8]},
    "hierarchical": {"groups": 1, "filters": 4, "mutations": 60},
    "large-scale": {"max_depth": 6},
    "nasbench201": {"cells": 1, "filters": 4},
}
"""Spaces of each genome with narrow networks."""


def decoded(name: str, task: Task, seed: int = 0, **choices) -> Architecture:
    """A network of a genome's."""
    kind = genome_type(name)
    space = kind.space_type.from_dict(SMALL[name] | choices).for_task(task)
    return kind.random(space, random.Random(seed)).decode(task)


def started(architecture: Architecture, seed: int = 0, steered: bool = False) -> nn.Module:
    """A network as searches have it before they train it, with other vectors than 0 and 1."""
    network = spread_weights(build(architecture, seed, steered=steered), seed)
    for module in network.modules():
        if isinstance(module, nn.Dropout | nn.Dropout2d):
            module.p = 0.0  # what is drawn is compared elsewhere
    return network.to(memory_format=torch.channels_last)


def batch_for(architecture: Architecture, images: int, seed: int) -> tuple[Tensor, Tensor]:
    """Random images and labels."""
    generator = torch.Generator().manual_seed(seed)
    batch = torch.randn(images, *architecture.shape(architecture.input), generator=generator)
    classes = architecture.shape(architecture.output)[0]
    labels = torch.randint(0, classes, (images,), generator=generator)
    return batch.contiguous(memory_format=torch.channels_last), labels


def by_pytorch(network: nn.Module, images: Tensor, labels: Tensor, dtype: torch.dtype) -> nn.Module:
    """A copy of a network that has its gradients, and the loss as `loss`."""
    twin = copy.deepcopy(network).to(dtype).train()
    loss = F.cross_entropy(twin(images.to(dtype)), labels)
    loss.backward()
    twin.loss = loss.item()
    return twin


def by_plan(network: nn.Module, matched: Matched, images: Tensor, labels: Tensor) -> nn.Module:
    """Likewise, computed on a plan."""
    twin = copy.deepcopy(network).train()
    step = PlannedStep(twin, Plan(gradient_clip=0), PLANNED, len(images), matched)
    twin.loss = step._gradients(images, labels).item()
    return twin


def gradient_gap(found: nn.Module, exact: nn.Module) -> float:
    """How far all gradients together are off, of their length."""
    off = size = 0.0
    theirs = dict(exact.named_parameters())
    for name, parameter in found.named_parameters():
        grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        right = theirs[name].grad
        right = torch.zeros_like(theirs[name]) if right is None else right
        off += float((grad.double() - right).square().sum())
        size += float(right.square().sum())
    return (off / max(size, 1e-30)) ** 0.5


def check_step(architecture: Architecture, images: int = 6, seed: int = 0) -> Matched:
    """Compares a step of a network: loss, gradients, running statistics.

    On one of three batches: rounding may turn round which of two numbers in a window is the largest, or on
    which side of 0 one is, and then a gradient goes elsewhere.
    """
    network, matched = started(architecture, seed), match(architecture, steered=False)
    gaps = []
    for turn in range(3):
        batch, labels = batch_for(architecture, images, 10 * seed + turn)
        found = by_plan(network, matched, batch, labels)
        exact = by_pytorch(network, batch, labels, torch.float64)
        eager = by_pytorch(network, batch, labels, torch.float32)
        assert abs(found.loss - exact.loss) <= 1e-5 * max(1.0, abs(exact.loss))
        for name, buffer in found.named_buffers():
            right = exact.get_buffer(name)
            assert torch.allclose(buffer.double(), right.double(), rtol=1e-4, atol=1e-5), name
        gaps.append((gradient_gap(found, exact), gradient_gap(eager, exact)))
        if gaps[-1][0] <= max(3 * gaps[-1][1], 1e-5):
            return matched
    raise AssertionError(f"gradients are off, and eagerly: {gaps}")


def check_evaluation(architecture: Architecture, images: int, seed: int = 0) -> None:
    """Compares a network in evaluation mode, in parts of at most 70 images."""
    network, matched = started(architecture, seed), match(architecture, steered=False)
    generator = torch.Generator().manual_seed(seed)
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2, generator=generator)
        elif name.endswith("running_mean"):
            buffer.normal_(generator=generator)
    batch, _ = batch_for(architecture, images, seed)
    planned = PlannedNetwork(network, matched, 70).eval()
    with torch.inference_mode():
        found = planned(batch)
        exact = copy.deepcopy(network).double().eval()(batch.double())
    assert found.shape == exact.shape
    assert (found - exact).abs().max() <= 1e-4 * exact.abs().max()
