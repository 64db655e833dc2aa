"""What tests of morphisms share: a short training."""

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

from evonas.architecture.architecture import Architecture
from evonas.evolution.morphism import Morphism
from evonas.network.network import build, weights_of
from evonas.testing.morphisms import images_for, randomise

Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="session")
def moved() -> Callable[..., tuple[Tensors, Tensors]]:
    """The child's tensors before and after a few steps of training."""

    def train(
        morphism: Morphism, architecture: Architecture, steps: int = 2, weights: Tensors | None = None
    ) -> tuple[Tensors, Tensors]:
        weights = randomise(architecture, 1) if weights is None else weights
        child = morphism.rewrite(architecture)
        network = build(child, weights=morphism.carry(architecture, weights), dtype=torch.float64)
        before = weights_of(network)
        images = images_for(architecture, 2)
        labels = torch.arange(len(images)) % child.shape(child.output)[0]
        optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
        network.train()
        for _ in range(steps):
            optimiser.zero_grad()
            F.cross_entropy(network(images), labels).backward()
            optimiser.step()
        return before, weights_of(network)

    return train
