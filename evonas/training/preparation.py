"""What a plan asks of a network before it is trained: normalisation and an auxiliary head."""

from __future__ import annotations

from torch import fx, nn

from ..architecture import Architecture
from ..genome import Genome
from ..seeds import named_seed
from ..task import Task
from .auxiliary import NAME, with_auxiliary
from .plan import Plan


def prepared(
    network: fx.GraphModule, architecture: Architecture, genome: Genome, task: Task, plan: Plan, seed: int
) -> nn.Module:
    """The module to train: the network, or a view of it with an auxiliary head.

    Args:
        network: On the CPU; its normalisation layers are set as the plan says.
        architecture: What it was built from.
        genome: Says where an auxiliary head may read.
        task: For the number of classes.
        plan: How it will be trained.
        seed: Of the head's weights.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = module.momentum if plan.norm_momentum is None else plan.norm_momentum
    node = genome.auxiliary_node() if plan.auxiliary else None
    if node is None:
        return network
    return with_auxiliary(network, architecture, node, task, named_seed(seed, NAME))
