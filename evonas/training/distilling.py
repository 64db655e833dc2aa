"""Distillation: a child that only approximates its parent learns from it before it is trained on labels."""

from __future__ import annotations

from collections.abc import Set

import torch
from torch import nn
from torch.nn import functional as F

from ..seeds import named_seed
from .device import Compute
from .images import DeviceImages, steps_per_epoch
from .plan import Plan
from .regularise import RandomLayers
from .schedule import learning_rate
from .steps import optimiser_for


def distil(
    student: nn.Module,
    teacher: nn.Module,
    nodes: Set[str],
    images: DeviceImages,
    plan: Plan,
    compute: Compute,
    seed: int,
    mirror: bool,
) -> None:
    """Trains some layers of a student to give what its teacher gives (LEMONADE; Elsken et al. 2019, Sec. 4).

    The loss is the cross entropy with the teacher's softmax. The layers that the morphism has left alone are
    frozen, as in the paper; if none of the others can learn, all do.

    Args:
        student: On the device of the images; trained in place for `Plan.distill_epochs`.
        teacher: The parent's network, in evaluation mode.
        nodes: Whose tensors are trained: those that a morphism has changed.
        images: The training images.
        plan: How.
        compute: Device and precision.
        seed: Of the order of images and of augmentation.
        mirror: Whether images may be flipped, where the plan leaves it open.
    """
    named = dict(student.named_parameters())
    frozen = [tensor for name, tensor in named.items() if name.rpartition(".")[0] not in nodes]
    if len(frozen) == len(named):
        frozen = []
    for tensor in frozen:
        tensor.requires_grad_(False)
    generator = torch.Generator().manual_seed(named_seed(seed, "distillation"))
    flips = plan.mirror if plan.mirror is not None else mirror
    optimiser = optimiser_for(student, plan)
    steps, step = steps_per_epoch(len(images), plan.batch_size) * plan.distill_epochs, 0
    student.train()
    try:
        with RandomLayers(student, 0.0, named_seed(seed, "distillation"), compute.device):
            for _ in range(plan.distill_epochs):
                for batch, _labels in images.epoch(plan, flips, generator):
                    for group in optimiser.param_groups:
                        group["lr"] = learning_rate(step, steps, plan)
                    with torch.no_grad(), compute.autocast():
                        wanted = teacher(batch).float().softmax(1)
                    with compute.autocast():
                        loss = F.cross_entropy(student(batch).float(), wanted)
                    optimiser.zero_grad(set_to_none=True)
                    torch.autograd.backward([loss])
                    if plan.gradient_clip:
                        nn.utils.clip_grad_norm_(student.parameters(), plan.gradient_clip)
                    optimiser.step()
                    step += 1
    finally:
        for tensor in frozen:
            tensor.requires_grad_(True)
