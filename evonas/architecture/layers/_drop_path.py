"""The module behind `DropPath`; apart, because it imports torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DroppedPath(nn.Module):
    """Zeroes its input for each example with a probability, and scales the others up.

    Attributes:
        probability: That an example's path is dropped, a number on the input's device; None for never.
        generator: What it draws from, on that device; set by the trainer with the probability.
    """

    def __init__(self) -> None:
        super().__init__()
        self.probability: Tensor | None = None
        self.generator: torch.Generator | None = None

    def forward(self, path: Tensor) -> Tensor:
        """Drops paths in training mode, and nothing else."""
        if not self.training or self.probability is None:
            return path
        keep = 1 - self.probability
        shape = (path.shape[0], *(1 for _ in path.shape[1:]))
        kept = torch.rand(shape, generator=self.generator, device=path.device) < keep
        return path * (kept / keep).to(path.dtype)
