"""Training one network, and measuring it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..seeds import named_seed
from .auxiliary import split_logits
from .device import Compute
from .images import DeviceImages, steps_per_epoch
from .momentum import load_momentum, momentum_of
from .plan import Plan
from .regularise import DroppedPaths
from .schedule import learning_rate

EVALUATION_BATCH = 512


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
    """

    curve: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0
    images: int = 0
    momentum: Mapping[str, Tensor] | None = None


@dataclass(frozen=True)
class Score:
    """Mean loss and accuracy, in [0, 1], over a set of images."""

    loss: float
    accuracy: float


def optimiser_for(network: nn.Module, plan: Plan) -> torch.optim.SGD:
    """SGD with Nesterov momentum; weight decay on filters and matrices alone."""
    decayed = [p for p in network.parameters() if p.dim() > 1]
    free = [p for p in network.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=plan.learning_rate,
        momentum=plan.momentum,
        nesterov=plan.momentum > 0,
        fused=True,
    )


def fit(
    network: nn.Module,
    images: DeviceImages,
    plan: Plan,
    compute: Compute,
    seed: int,
    mirror: bool,
    after_epoch: Callable[[int], float | None] = lambda epoch: None,
    momentum: Mapping[str, Tensor] | None = None,
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

    Raises:
        DivergenceError: The loss was not finite after an epoch.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = optimiser_for(network, plan)
    if momentum:
        load_momentum(network, optimiser, momentum)
    per_epoch = steps_per_epoch(len(images), plan.batch_size)
    steps = per_epoch * plan.epochs
    parameters = list(network.parameters())
    flips = plan.mirror if plan.mirror is not None else mirror
    curve: list[Epoch] = []
    seconds, step = 0.0, 0
    with drawing_from(seed, compute), DroppedPaths(network, plan.drop_path, seed) as dropped:
        for epoch in range(1, plan.epochs + 1):
            began = time.perf_counter()
            network.train()
            losses: list[Tensor] = []
            for batch, labels in images.epoch(plan, flips, generator):
                dropped.at(step / steps)
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(step, steps, plan)
                loss = _loss(network, batch, labels, plan, compute)
                optimiser.zero_grad(set_to_none=True)
                torch.autograd.backward([loss])
                if plan.gradient_clip:
                    nn.utils.clip_grad_norm_(parameters, plan.gradient_clip)
                optimiser.step()
                losses.append(loss.detach())
                step += 1
            mean = float(torch.stack(losses).mean())
            seconds += time.perf_counter() - began
            if not math.isfinite(mean):
                raise DivergenceError(f"the training loss was {mean} in epoch {epoch} of {plan.epochs}")
            curve.append(Epoch(mean, after_epoch(epoch)))
    carried = momentum_of(network, optimiser) if plan.carry_momentum else None
    return Fit(curve, seconds, per_epoch * min(plan.batch_size, len(images)) * plan.epochs, carried)


@contextmanager
def drawing_from(seed: int, compute: Compute) -> Iterator[None]:
    """Seeds what `nn.Dropout` draws from, torch's global generators, and restores them afterwards."""
    devices = [compute.device] if compute.device != "cpu" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(named_seed(seed, "dropout"))
        yield


def _loss(network: nn.Module, batch: Tensor, labels: Tensor, plan: Plan, compute: Compute) -> Tensor:
    """Cross entropy, the auxiliary head's included where there is one."""
    with compute.autocast():
        logits, auxiliary = split_logits(network(batch))
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=plan.label_smoothing)
        if auxiliary is not None:
            aside = F.cross_entropy(auxiliary.float(), labels, label_smoothing=plan.label_smoothing)
            loss = loss + plan.auxiliary * aside
    return loss


@torch.inference_mode()
def score(network: nn.Module, images: DeviceImages, compute: Compute) -> Score:
    """Loss and accuracy of a network in evaluation mode."""
    network.eval()
    loss = torch.zeros((), dtype=torch.float64, device=images.device)
    right = torch.zeros((), dtype=torch.int64, device=images.device)
    for batch, labels in images.batches(EVALUATION_BATCH):
        with compute.autocast():
            logits = network(batch).float()
        loss += F.cross_entropy(logits, labels, reduction="sum")
        right += (logits.argmax(1) == labels).sum()
    return Score(float(loss) / len(images), int(right) / len(images))


def to_device(network: nn.Module, compute: Compute) -> nn.Module:
    """The network on the run's device, in the layout in which convolutions are fastest."""
    return network.to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
