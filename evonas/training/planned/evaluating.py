"""A network in evaluation mode on a plan: normalisation folded into convolutions, forward alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .matching import Matched
from .plan import plan_step
from .stepping import arena_for
from .tape import Tape

AT_ONCE = 64
"""Images that are computed together at most: what lies between layers stays in the cache longer."""


class PlannedNetwork(nn.Module):
    """Gives the logits that a network gives in evaluation mode.

    Args:
        network: On a CPU, in float32; its tensors are read at each call, where they lie.
        matched: What computes it.
        images: In the batches to come; parts of them are worked on at a time.
    """

    def __init__(self, network: nn.Module, matched: Matched, images: int) -> None:
        super().__init__()
        self._images = min(images, AT_ONCE)
        plan = plan_step(matched, self._images, training=False)
        self._tape = Tape(plan, network, arena_for(plan))
        self._network = [network]  # not a part of it

    def eval(self) -> PlannedNetwork:
        """Puts the network into evaluation mode, which layers that PyTorch computes ask for."""
        self._network[0].eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Logits of a batch."""
        found = []
        for start in range(0, len(images), self._images):
            part = images[start : start + self._images]
            count = len(part)
            if count < self._images:  # the last ones: what stands in the other places is of no use
                part = torch.cat([part, part.new_zeros(self._images - count, *part.shape[1:])])
            found.append(self._tape.forward(part)[0][:count].clone())
        return torch.cat(found)
