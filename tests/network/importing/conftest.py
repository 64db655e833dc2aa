"""Models with random weights and statistics, and what becomes of them."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.network.network import build

Imported = tuple[Architecture, dict[str, torch.Tensor]]


class Model(nn.Module):
    """Computes a function of itself and the images."""

    def __init__(self, function: Callable[..., object], **parts: nn.Module | torch.Tensor) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            if isinstance(part, nn.Module | nn.Parameter):
                setattr(self, name, part)
            else:
                self.register_buffer(name, part)

    def forward(self, images: torch.Tensor) -> object:
        return self.function(self, images)


def randomise(model: nn.Module, seed: int = 0) -> nn.Module:
    """Draws statistics and one-dimensional weights too: fresh ones hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("running_var") or (name.endswith("weight") and tensor.dim() == 1):
                tensor.uniform_(0.5, 2, generator=generator)
            elif name.endswith(("bias", "running_mean")):
                tensor.normal_(std=0.3, generator=generator)
            elif name.endswith("weight"):
                tensor.normal_(std=(2 / tensor[0].numel()) ** 0.5, generator=generator)
    return model


@pytest.fixture(scope="session")
def model_of() -> type[Model]:
    """Makes a model of a function of itself and the images, and of its parts."""
    return Model


@pytest.fixture(scope="session")
def head() -> Callable[..., nn.Module]:
    """What makes logits of an image."""

    def make(channels: int = 4, classes: int = 5) -> nn.Module:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))

    return make


@pytest.fixture(scope="session")
def conv() -> Callable[..., nn.Conv2d]:
    """A convolution that keeps the size."""

    def make(inputs: int = 3, outputs: int = 4, kernel: int = 3, **choices: object) -> nn.Conv2d:
        return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, **choices)

    return make


@pytest.fixture(scope="session")
def images() -> Callable[..., torch.Tensor]:
    """A random batch."""

    def draw(*size: int, count: int = 2) -> torch.Tensor:
        return torch.randn(count, *(size or (3, 16, 16)), generator=torch.Generator().manual_seed(1))

    return draw


def spread_gap(expected: torch.Tensor, outputs: torch.Tensor) -> float:
    """The largest difference, relative to the spread."""
    return float((outputs - expected).abs().max() / (expected.max() - expected.min()))


@pytest.fixture(scope="session")
def imported() -> Callable[..., Imported]:
    """Imports a model after its weights were drawn, and compares outputs in both precisions."""

    def check(model: nn.Module, example: torch.Tensor, double: bool = True) -> Imported:
        randomise(model).eval()
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        attributes = set(vars(model))
        net, weights = Architecture.from_module(model, example)
        assert set(weights) == set(net.parameters()) | set(net.buffers())
        network = build(net, weights=weights).eval()
        others = torch.randn(3, *example.shape[1:], generator=torch.Generator().manual_seed(2))
        with torch.no_grad():
            for batch in (example, others):
                assert spread_gap(model(batch), network(batch)) <= 1e-5
        assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
        assert set(vars(model)) == attributes

        if not double:
            return net, weights
        same, exact = Architecture.from_module(model.double(), example.double())
        assert same == net
        network = build(net, weights=exact, dtype=torch.float64).eval()
        with torch.no_grad():
            assert spread_gap(model(others.double()), network(others.double())) <= 1e-10
        model.float()
        return net, weights

    return check
