"""The optimiser's momentum of a network's parameters, by name, so that it can travel with the weights.

A child that goes on where its parent stopped starts with momentum instead of from rest. How it is stored
beside the weights, and what of it a child takes over: `evonas.inheritance.momentum`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..network import Weights
from .auxiliary import NAME

_BUFFER = "momentum_buffer"


def momentum_of(network: nn.Module, optimiser: torch.optim.SGD) -> dict[str, Tensor]:
    """Copies of the momentum of a network's parameters, on the CPU in plain layout, by ``node.tensor``.

    An auxiliary head's is left out, as its weights are: it is drawn anew for each training.

    Args:
        network: The trained module.
        optimiser: What trained it; without momentum, or before its first step, there is none, or zeros.
    """
    found: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        buffer = optimiser.state[parameter].get(_BUFFER) if parameter in optimiser.state else None
        if buffer is not None and not name.startswith(f"{NAME}."):
            found[name] = buffer.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
    return found


def start_at_rest(optimiser: torch.optim.SGD) -> None:
    """Gives every parameter a momentum of zeros, as which it would begin anyway.

    Under a scaler of gradients a first step may be left out, after which a fused optimiser goes on with a
    momentum that nobody has filled (PyTorch 2.13 and 2.14; ``findings/sgd-fused.sh``).

    Args:
        optimiser: Before its first step.
    """
    for group in optimiser.param_groups:
        for parameter in group["params"] if group["momentum"] else ():
            optimiser.state[parameter][_BUFFER] = torch.zeros_like(parameter, requires_grad=False)


def load_momentum(network: nn.Module, optimiser: torch.optim.SGD, momentum: Weights) -> int:
    """Lets an optimiser that has made no step begin with momentum.

    Only entries whose name and shape agree with a parameter are used; the other parameters start from rest,
    as they would without. An optimiser without momentum is left alone.

    Args:
        network: The module that is to be trained, on its device.
        optimiser: Of its parameters.
        momentum: By ``node.tensor``; copied, never changed.

    Returns:
        How many parameters begin with momentum.
    """
    moving = {id(p) for group in optimiser.param_groups if group["momentum"] for p in group["params"]}
    fitting: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        given = momentum.get(name)
        if given is not None and id(parameter) in moving and given.shape == parameter.shape:
            fitting[name] = given
    if not fitting:
        return 0
    for name, parameter in network.named_parameters():
        if id(parameter) in moving:
            # Zero is rest: a fused optimiser wants a buffer for all parameters, or for none.
            buffer = torch.zeros_like(parameter, requires_grad=False)
            if name in fitting:
                buffer.copy_(fitting[name])
            optimiser.state[parameter][_BUFFER] = buffer
    return len(fitting)
