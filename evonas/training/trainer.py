"""Training one network, and measuring it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .device import Compute
from .images import DeviceImages, steps_per_epoch
from .memory import EVALUATION_BATCH
from .momentum import load_momentum, momentum_of
from .plan import Plan
from .regularise import RandomLayers
from .schedule import learning_rate
from .steps import Step, step_for

StepMaker = Callable[[nn.Module, Plan, Compute, int], Step]
"""Gives what trains a network, by the plan, on the device, so many images at a time."""


class DivergenceError(Exception):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class Epoch:
    """One point of a learning curve: the mean training loss, and validation accuracy where measured."""

    loss: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Fit:
    """What training gave.

    Attributes:
        curve: One point for each epoch.
        seconds: Of training, without evaluation.
        images: Training images seen, in all epochs.
        momentum: The optimiser's at the end, by ``node.tensor`` (`momentum_of`); None unless the plan carries
            it.
        kept: Bytes that the first forward pass kept for its backward pass.
        trouble: Why its steps were not captured, where that was tried.
    """

    curve: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0
    images: int = 0
    momentum: Mapping[str, Tensor] | None = None
    kept: int = 0
    trouble: str = ""


@dataclass(frozen=True)
class Score:
    """Mean loss and accuracy, in [0, 1], over a set of images."""

    loss: float
    accuracy: float


def fit(
    network: nn.Module,
    images: DeviceImages,
    plan: Plan,
    compute: Compute,
    seed: int,
    mirror: bool,
    after_epoch: Callable[[int], float | None] = lambda epoch: None,
    momentum: Mapping[str, Tensor] | None = None,
    part: int | None = None,
    make_step: StepMaker | None = None,
) -> Fit:
    """Trains a network in place.

    Args:
        network: On the device of the images, in channels-last layout (`to_device`); where it also gives the
            logits of an auxiliary head, their loss is added with the plan's weight.
        images: The training images.
        plan: How.
        compute: Device and precision.
        seed: Of the order of images and of augmentation.
        mirror: Whether images may be flipped, where the plan leaves it open.
        after_epoch: Called with the epoch's number from 1; what it returns goes into the curve.
        momentum: What the optimiser begins with, by ``node.tensor``, where name and shape agree; None or
            empty to begin from rest.
        part: Images that are worked on at a time, where a whole batch would take too much memory.
        make_step: Gives what makes the steps; None to let PyTorch make them.

    Raises:
        DivergenceError: The loss was not finite after an epoch.
    """
    per_epoch = steps_per_epoch(len(images), plan.batch_size)
    steps = per_epoch * plan.epochs
    size = min(plan.batch_size, len(images))
    generator = torch.Generator().manual_seed(seed)
    flips = plan.mirror if plan.mirror is not None else mirror
    curve: list[Epoch] = []
    seconds, done = 0.0, 0
    with RandomLayers(network, plan.drop_path, seed, compute.device) as layers:
        if make_step is None:
            step = step_for(network, plan, compute, part or size, layers.generators)
        else:
            step = make_step(network, plan, compute, part or size)
        if momentum:
            load_momentum(network, step.optimiser, momentum)
        for epoch in range(1, plan.epochs + 1):
            began = time.perf_counter()
            network.train()
            losses: list[Tensor] = []
            for batch, labels in images.epoch(plan, flips, generator):
                layers.at(done / steps)
                step.set_rate(learning_rate(done, steps, plan))
                losses.append(step(batch, labels))
                done += 1
            mean = float(torch.stack(losses).mean())  # the one number that is waited for in an epoch
            seconds += time.perf_counter() - began
            if not math.isfinite(mean):
                raise DivergenceError(f"the training loss was {mean} in epoch {epoch} of {plan.epochs}")
            curve.append(Epoch(mean, after_epoch(epoch)))
    carried = momentum_of(network, step.optimiser) if plan.carry_momentum else None
    return Fit(curve, seconds, steps * size, carried, step.kept, step.trouble)


@torch.inference_mode()
def score(network: nn.Module, images: DeviceImages, compute: Compute, size: int = EVALUATION_BATCH) -> Score:
    """Loss and accuracy of a network in evaluation mode, so many images at a time."""
    network.eval()
    loss = torch.zeros((), dtype=torch.float64, device=images.device)
    right = torch.zeros((), dtype=torch.int64, device=images.device)
    for batch, labels in images.batches(size):
        with compute.autocast():
            logits = network(batch).float()
        loss += F.cross_entropy(logits, labels, reduction="sum")
        right += (logits.argmax(1) == labels).sum()
    return Score(float(loss) / len(images), int(right) / len(images))


def to_device(network: nn.Module, compute: Compute) -> nn.Module:
    """The network on the run's device, in the layout in which convolutions are fastest."""
    return network.to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
