"""The module behind `DropPath`; apart, because it imports torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DroppedPath(nn.Module):
    """Zeroes its input for each example with a probability, and scales the others up.

    Attributes:
        probability: That an example's path is dropped; 0 until a trainer sets it.
        generator: What it draws from, on the CPU; set by the trainer with the probability.
    """

    def __init__(self) -> None:
        super().__init__()
        self.probability = 0.0
        self.generator: torch.Generator | None = None

    def forward(self, path: Tensor) -> Tensor:
        """Drops paths in training mode, and nothing else."""
        if not self.training or not self.probability:
            return path
        keep = 1 - self.probability
        shape = (path.shape[0], *(1 for _ in path.shape[1:]))
        kept = torch.rand(shape, generator=self.generator) < keep
        return path * (kept.to(path.device, path.dtype) / keep)
