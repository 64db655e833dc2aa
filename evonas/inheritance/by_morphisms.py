"""Carrying a parent's weights into a child so that it computes what its parent does, where it can (`morph`).

For genomes whose mutations are known by their outcome alone: what `match` carries is carried, and where the
difference between the two architectures can be a function-preserving morphism (Chen et al. 2016, Net2Net;
Wei et al. 2016; Elsken et al. 2018, NASH), it is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..architecture import Architecture, ChannelOrigins, Origins, aligned
from ..architecture.layers import BatchNorm2d, Conv2d, Layer, Linear, Scale
from ..network import Weights
from .by_name import carry, read_by
from .correspondence import Correspondence, correspond
from .lineage import Channels, lineage

Places = NDArray[np.intp]

PARTS = 16
"""In how many parts a large tensor is copied."""


@dataclass(frozen=True)
class Morphed:
    """What a child got from its parent.

    Attributes:
        share: The share of its parameters that was inherited, in [0, 1].
        inserted: New normalisations that undo themselves in evaluation mode; before the child is trained they
            are to be calibrated on a batch (`evonas.calibration.calibrate`), which leaves the function alone.
    """

    share: float
    inserted: tuple[str, ...] = ()


@torch.no_grad()
def morph(network: nn.Module, child: Architecture, parent: Architecture, weights: Weights) -> Morphed:
    """Copies into a freshly built child what it shares with its parent, and keeps its parent's function.

    As `inherit` does it, and in evaluation mode exactly where nothing else has changed:

    - A larger kernel holds the old one in its centre, zeros around; a smaller one its centre (approximately).
    - Of more filters the old ones stay, new ones are as initialised, and nobody listens to them yet: the old
      filters of what reads them have columns of zero for them. Of fewer, the first stay.
    - A convolution, linear layer or normalisation that came between a layer and what it used to read is the
      identity, with the activation behind it where that changes nothing.
    - What came into a sum with a branch of its own starts with one factor of zero, the last that has nothing
      behind it which would stop its gradient.
    - A new layer in the place of one that has vanished takes its weights where it can compute the same, so
      that a depthwise convolution can become a separable one, or one of larger filters.

    A new name and nothing else says that weights start anew. What is not preserved is left as `inherit`
    leaves it: what has been removed; another stride; a connection without weights that was added to a sum,
    since nothing of it could be zero (NASH gives such a skip a learnt factor, for which the architecture
    needs a `Scale`); a branch that ends in a ReLU, which has no gradient where it gives zeros; and a skip
    that adds new filters to channels which were there before.

    Args:
        network: The child's network; its tensors are overwritten in place.
        child: Its architecture.
        parent: The parent's architecture.
        weights: The parent's tensors, by ``node.tensor``; never changed.

    Returns:
        The share of the child's parameters that was inherited, and which normalisations were inserted.
    """
    found = correspond(child, parent)
    carrier = _Carrier(child, parent, found)
    trained = dict(network.named_parameters())
    inherited = 0
    for name, tensor in network.state_dict(keep_vars=True).items():
        node, _, key = name.rpartition(".")
        partner = found.partners.get(node)
        if partner is None:
            if node in found.identities:
                _make_identity(child.layer(node), key, tensor)
            elif node in found.silent and key in ("weight", "bias"):
                tensor.zero_()
        elif (source := weights.get(f"{partner}.{key}")) is not None:
            copied = carrier.carry(node, partner, key, tensor, source)
            if name in trained:
                inherited += copied
    total = sum(parameter.numel() for parameter in trained.values())
    inserted = [node for node in child if node in found.identities]
    return Morphed(
        inherited / total if total else 0.0,
        tuple(node for node in inserted if isinstance(child.layer(node), BatchNorm2d)),
    )


def _make_identity(layer: Layer, key: str, tensor: torch.Tensor) -> None:
    """Overwrites one tensor of an inserted layer, so that the layer hands on what it reads.

    Filters beyond those that hand on something stay as initialised.
    """
    if isinstance(layer, BatchNorm2d):
        if key == "weight":
            tensor.fill_(1 + layer.epsilon).sqrt_()
        else:
            tensor.fill_(float(key == "running_var"))
    elif isinstance(layer, Scale):
        tensor.fill_(1)
    elif key == "bias":
        tensor.zero_()
    elif isinstance(layer, Conv2d | Linear):
        inputs = len(tensor) if isinstance(layer, Conv2d) and layer.depthwise else tensor.shape[1]
        handing = tensor[: len(tensor) if isinstance(layer, Conv2d) and layer.groups > 1 else inputs]
        handing.zero_()
        rows = torch.arange(len(handing), device=tensor.device)
        centre = handing[:, :, tensor.shape[2] // 2, tensor.shape[3] // 2] if tensor.dim() == 4 else handing
        centre[rows, rows % tensor.shape[1]] = 1


class _Carrier:
    """Copies tensors as far as channels and taps correspond."""

    def __init__(self, child: Architecture, parent: Architecture, found: Correspondence) -> None:
        self.child, self.parent = child, parent
        self.mine, self.theirs = lineage(child, parent, found)
        self._by_name: tuple[Mapping[str, Origins], Mapping[str, Origins]] | None = None

    def carry(self, node: str, partner: str, key: str, tensor: torch.Tensor, source: torch.Tensor) -> int:
        """Copies one tensor; returns how many of its numbers were inherited."""
        layer = self.child.layer(node)
        copied = self._slices(layer, node, partner, key, tensor, source)
        if copied or partner != node:
            return copied
        # Nothing corresponds: what `inherit` does with it.
        if self._by_name is None:
            origins = ChannelOrigins()
            self._by_name = origins.of(self.child), origins.of(self.parent)
        here, there = self._by_name
        axis = layer.input_axis(key)
        return carry(tensor, source, axis, read_by(self.child, node, here), read_by(self.parent, node, there))

    def _slices(
        self, layer: Layer, node: str, partner: str, key: str, tensor: torch.Tensor, source: torch.Tensor
    ) -> int:
        axes = layer.axes(key)
        grouped = isinstance(layer, Conv2d) and layer.groups > 1
        if (
            tensor.dim() != source.dim()
            or (grouped and tensor.shape != source.shape)
            or axes.output not in (0, None)
        ):
            return 0
        rows = columns = None
        if axes.output is not None:
            rows = _corresponding(self.mine[node], self.theirs[partner])
        if axes.input is not None and not grouped:
            columns = _corresponding(
                self.mine[self.child.inputs(node)[0]], self.theirs[self.parent.inputs(partner)[0]]
            )
        taps = isinstance(layer, Conv2d) and key == "weight"
        return _copy(tensor, source, rows, axes.input, columns, taps=taps)


def _corresponding(mine: Channels, theirs: Channels) -> tuple[Places, Places]:
    """Positions of the same channel; where there is none but as many channels, position by position."""
    everything = np.arange(len(mine.origins), dtype=np.intp)
    if np.array_equal(mine.origins, theirs.origins):
        return everything, everything
    here, there = aligned(mine.origins, theirs.origins)
    if not len(here) and len(mine.origins) == len(theirs.origins):
        return everything, everything
    return here, there


def _copy(
    tensor: torch.Tensor,
    source: torch.Tensor,
    rows: tuple[Places, Places] | None,
    axis: int | None,
    columns: tuple[Places, Places] | None,
    *,
    taps: bool,
) -> int:
    """Copies rows and columns, filters centre on centre; what else these rows have becomes zero."""
    here: list[torch.Tensor] = []
    there: list[torch.Tensor] = []
    for place, (new, old) in enumerate(zip(tensor.shape, source.shape, strict=True)):
        pair = rows if place == 0 and rows is not None else columns if place == axis else None
        if pair is None:
            if new != old and not (taps and place >= 2):
                return 0
            fits = min(new, old)
            starts = (new - fits) // 2, (old - fits) // 2
            pair = np.arange(starts[0], starts[0] + fits), np.arange(starts[1], starts[1] + fits)
        here.append(torch.from_numpy(pair[0]))
        there.append(torch.from_numpy(pair[1]))
    count = math.prod(len(positions) for positions in here)
    if tensor.shape == source.shape and all(
        len(one) == size and torch.equal(one, other) and torch.equal(one, torch.arange(size))
        for one, other, size in zip(here, there, tensor.shape, strict=True)
    ):
        tensor.copy_(source)
    elif count:
        if rows is None:
            tensor.zero_()
        elif count < tensor.numel():
            tensor[here[0].to(tensor.device)] = 0
        # A few rows at a time: what is picked is a copy, beside parent and child.
        some = max(1, len(here[0]) // PARTS)
        for start in range(0, len(here[0]), some):
            mine, theirs = ([part[0][start : start + some], *part[1:]] for part in (here, there))
            tensor[_grid(mine, tensor.device)] = source[_grid(theirs, source.device)].to(tensor)
    return count


def _grid(positions: list[torch.Tensor], device: torch.device) -> tuple[torch.Tensor, ...]:
    """Indices of all combinations of positions, one tensor an axis."""
    dims = len(positions)
    return tuple(
        one.to(device).reshape([-1 if place == axis else 1 for place in range(dims)])
        for axis, one in enumerate(positions)
    )
