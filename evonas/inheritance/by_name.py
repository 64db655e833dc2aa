"""Carrying a parent's weights into a child by node name (`match`).

A tensor is copied where the node's name and the shape agree, as in Real et al. 2017 (Section 3, "weight
inheritance"). Name and shape alone would scramble what reads a concatenation whose parts have changed, so
the entries that belong to input channels are aligned by where each channel comes from.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ..architecture import Architecture, ChannelOrigins, Origins, aligned
from ..network import Weights


@torch.no_grad()
def inherit(network: nn.Module, child: Architecture, parent: Architecture, weights: Weights) -> float:
    """Copies into a freshly built child what it shares with its parent.

    Where a reader's inputs have changed in part, the columns of channels that it keeps are copied and new
    columns start at zero; where they have changed altogether (an operation that reads another state), its
    filters are kept as they are. Entries for one channel each (normalisation, depthwise filters) follow
    their channel in the same way, and new ones stay as initialised.

    Args:
        network: The child's network; its tensors are overwritten in place.
        child: Its architecture.
        parent: The parent's architecture.
        weights: The parent's tensors, by ``node.tensor``; never changed.

    Returns:
        The share of the child's parameters that was inherited, in [0, 1].
    """
    origins = ChannelOrigins()
    mine, theirs = origins.of(child), origins.of(parent)
    trained = dict(network.named_parameters())
    inherited = 0
    for name, tensor in network.state_dict(keep_vars=True).items():
        node, _, key = name.rpartition(".")
        source = weights.get(name)
        if source is None or node not in parent or child.layer(node).kind != parent.layer(node).kind:
            continue
        copied = carry(
            tensor,
            source,
            child.layer(node).input_axis(key),
            read_by(child, node, mine),
            read_by(parent, node, theirs),
        )
        if name in trained:
            inherited += copied
    total = sum(parameter.numel() for parameter in trained.values())
    return inherited / total if total else 0.0


def read_by(architecture: Architecture, node: str, origins: Mapping[str, Origins]) -> Origins:
    """Where the channels come from that a node reads (the first of its inputs)."""
    return origins[architecture.inputs(node)[0]]


def carry(
    tensor: torch.Tensor, source: torch.Tensor, axis: int | None, mine: Origins, theirs: Origins
) -> int:
    """Copies one tensor as far as it fits.

    Args:
        tensor: The child's, as initialised; overwritten in place.
        source: The parent's.
        axis: The one along which entries belong to input channels, if there is one.
        mine: Where the channels come from that the child's layer reads.
        theirs: Likewise, of the parent's.

    Returns:
        How many of the tensor's numbers were inherited.
    """
    same_shape = tensor.shape == source.shape
    if axis is None or (len(mine) == len(theirs) and (mine == theirs).all()):
        if same_shape:
            tensor.copy_(source)
        return tensor.numel() if same_shape else 0
    if tensor.dim() != source.dim() or any(
        tensor.shape[other] != source.shape[other] for other in range(tensor.dim()) if other != axis
    ):
        return 0
    here, there = aligned(mine, theirs)
    if not len(here):
        if same_shape:
            tensor.copy_(source)
        return tensor.numel() if same_shape else 0
    if axis > 0:
        tensor.zero_()
    picked = source.index_select(axis, torch.from_numpy(there)).to(tensor)
    tensor.index_copy_(axis, torch.from_numpy(here).to(tensor.device), picked)
    return picked.numel()
