"""Regularisation that the trainer steers: the growing probability of dropped paths."""

from __future__ import annotations

import torch
from torch import nn

from ..layers._drop_path import DroppedPath


class DroppedPaths:
    """Sets the probability of all dropped paths of a network as its training proceeds.

    The probability grows linearly from 0 to the plan's (ScheduledDropPath, Zoph et al. 2018, Section 3).
    Paths are dropped only inside the context, so a trained network is left as it was.

    Args:
        network: Holds the paths.
        final: The probability at the end of training.
        seed: Of the draws.
    """

    def __init__(self, network: nn.Module, final: float, seed: int) -> None:
        self._paths = (
            [module for module in network.modules() if isinstance(module, DroppedPath)] if final else []
        )
        self._final = final
        generator = torch.Generator().manual_seed(seed)
        for path in self._paths:
            path.generator = generator

    def __enter__(self) -> DroppedPaths:
        return self

    def __exit__(self, *_: object) -> None:
        for path in self._paths:
            path.probability = 0.0
            path.generator = None

    def at(self, share: float) -> None:
        """Sets the probability for a share of the training, in [0, 1]."""
        for path in self._paths:
            path.probability = self._final * share
