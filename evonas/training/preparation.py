"""What a plan asks of a network before it is trained: normalisation and an auxiliary head."""

from __future__ import annotations

from torch import fx, nn

from ..architecture import Architecture
from ..seeds import named_seed
from ..task import Task
from .auxiliary import NAME, with_auxiliary
from .plan import Plan


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
