"""What a plan asks of a network before it is trained: normalisation and an auxiliary head."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import fx, nn

from ..architecture import Architecture
from ..seeds import named_seed
from ..task import Task
from .auxiliary import NAME, auxiliary_head, with_auxiliary
from .plan import Plan

if TYPE_CHECKING:
    from .planned import Matched
    from .trainer import StepMaker


def prepared(
    network: fx.GraphModule, architecture: Architecture, node: str | None, task: Task, plan: Plan, seed: int
) -> nn.Module:
    """The module to train: the network, or a view of it with an auxiliary head.

    Args:
        network: On the CPU; its normalisation layers are set as the plan says.
        architecture: What it was built from.
        node: Where an auxiliary head may read (`Genome.auxiliary_node`).
        task: For the number of classes.
        plan: How it will be trained.
        seed: Of the head's weights.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = module.momentum if plan.norm_momentum is None else plan.norm_momentum
    if node is None or not plan.auxiliary:
        return network
    return with_auxiliary(network, architecture, node, task, named_seed(seed, NAME))


def matched_for(architecture: Architecture, node: str | None, task: Task, plan: Plan) -> Matched | None:
    """What computes the module that `prepared` gives on a fixed plan of steps; None where nothing does.

    Args:
        architecture: What the network is built from.
        node: Where an auxiliary head may read.
        task: For the number of classes.
        plan: How it will be trained.
    """
    from .planned import Head, can_plan, match

    if not can_plan(architecture):
        return None
    head = None
    if node is not None and plan.auxiliary:
        head = Head(auxiliary_head(architecture.shape(node), task), node, NAME)
    return match(architecture, head, steered=plan.drop_path > 0)


def steps_on(matched: Matched) -> StepMaker:
    """What makes the steps of a network on a plan.

    Args:
        matched: What computes it.
    """
    from .planned import PlannedStep

    return partial(PlannedStep, matched=matched)
