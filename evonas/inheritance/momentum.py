"""The optimiser's momentum beside inherited weights: how both are stored, and what of it is still a child's.

Stored beside the weights, in one file, its names have a prefix that no node's name can begin with.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..network import Weights

PREFIX = "momentum:"
"""Begins the name of a momentum where it is stored with weights."""


def belonging(momentum: Weights, network: nn.Module, weights: Weights) -> dict[str, Tensor]:
    """The momentum of those parameters that a child has taken over as they were.

    A momentum of the same name and shape may yet belong to something else: the columns of what reads a
    concatenation can have changed places, or weights start anew.

    Args:
        momentum: The parent's, by ``node.tensor``.
        network: The child's, with what it inherited, before it is trained.
        weights: The parent's.
    """
    mine = dict(network.named_parameters())
    return {
        name: tensor
        for name, tensor in momentum.items()
        if name in mine and name in weights and torch.equal(mine[name].detach().cpu(), weights[name].cpu())
    }


def with_momentum(weights: Weights, momentum: Weights) -> dict[str, Tensor]:
    """Weights and momentum in one mapping, to be stored together."""
    return {**weights, **{f"{PREFIX}{name}": tensor for name, tensor in momentum.items()}}


def without_momentum(stored: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What `with_momentum` has joined: weights, and momentum, which may be empty.

    >>> one = torch.ones(1)
    >>> weights, momentum = without_momentum({"conv.weight": one, "momentum:conv.weight": one})
    >>> list(weights), list(momentum)
    (['conv.weight'], ['conv.weight'])
    """
    weights = {name: tensor for name, tensor in stored.items() if not name.startswith(PREFIX)}
    momentum = {
        name.removeprefix(PREFIX): tensor for name, tensor in stored.items() if name.startswith(PREFIX)
    }
    return weights, momentum
