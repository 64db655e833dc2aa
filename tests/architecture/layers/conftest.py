"""Networks of one layer, and what an architecture says of them beside what torch does."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, Input, Layer, Shape
from evonas.network.network import build


def network_of(layer: Layer, shape: Shape, *channels: int) -> Architecture:
    """An image that the layer reads; a 1×1 convolution for each further input, with so many channels."""
    net = Architecture()
    inputs = [net.add("image", Input(shape))]
    inputs += [net.add(f"other{n}", Conv2d(count, 1), "image") for n, count in enumerate(channels)]
    net.add("layer", layer, *inputs)
    return net


@pytest.fixture(scope="session")
def compute() -> Callable[..., torch.Tensor]:
    """Runs one layer in evaluation mode: compute(layer, batch, weight=..., bias=...)."""

    def run(layer: Layer, batch: torch.Tensor, **tensors: torch.Tensor) -> torch.Tensor:
        net = network_of(layer, tuple(batch.shape[1:]))
        network = build(net, weights={f"layer.{name}": tensor for name, tensor in tensors.items()})
        return network.to(batch.dtype).eval()(batch)

    return run


@pytest.fixture(scope="session")
def check_against_torch() -> Callable[..., nn.Module]:
    """Compares shapes, tensors, counts and cost with those of the built network, which is returned."""

    def check(layer: Layer, shape: Shape, *channels: int) -> nn.Module:
        net = network_of(layer, shape, *channels)
        network = build(net)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            output = network(torch.rand(2, *shape))
        state: dict[str, Any] = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        trained = {name: tuple(tensor.shape) for name, tensor in network.named_parameters()}
        assert tuple(output.shape) == (2, *net.shapes()["layer"])
        assert state == net.parameters() | net.buffers()
        assert trained == net.parameters()
        assert sum(p.numel() for p in network.parameters()) == net.parameter_count()
        assert counter.get_total_flops() == 2 * net.flops()
        assert all(torch.isfinite(tensor).all() for tensor in network.state_dict().values())
        return network

    return check
