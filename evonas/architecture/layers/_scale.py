"""The module behind `Scale`; apart, because it imports torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ScaleModule(nn.Module):
    """Multiplies by one learnt number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, value: Tensor) -> Tensor:
        """The input times the number."""
        return value * self.weight
