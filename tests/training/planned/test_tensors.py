"""What a plan is bound to: tensors that kernels can take as they lie in memory, and what is not a number."""

import math

import numpy as np
import pytest
import torch

from evonas.architecture import Architecture
from evonas.architecture.layers import Conv2d, GlobalAvgPool, Input, Linear, MaxPool2d
from evonas.network import build
from evonas.training import Compute, Plan
from evonas.training.planned import PlannedNetwork, PlannedStep, match


@pytest.fixture
def pooled() -> Architecture:
    net = Architecture()
    node = net.add("conv", Conv2d(4), net.add("image", Input((3, 5, 5))))
    node = net.add("pool", GlobalAvgPool(), net.add("max", MaxPool2d(3), node))
    net.add("head", Linear(2), node)
    return net


def step_of(architecture, change=lambda network: None):
    network = build(architecture, 0).to(memory_format=torch.channels_last)
    change(network)
    return network, PlannedStep(network, Plan(), Compute(kernels="planned"), 2, matched=match(architecture))


def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 3, 5, 5, generator=generator), torch.tensor([0, 1])


def test_a_weight_with_gaps_is_refused(pooled):
    def change(network):
        network.conv.weight.data = torch.zeros(4, 6, 3, 3)[:, :3]

    with pytest.raises(ValueError, match=r"conv\.weight: expected a tensor without gaps"):
        step_of(pooled, change)


def test_another_precision_is_refused(pooled):
    with pytest.raises(ValueError, match="expected float32 on the CPU, got torch.float64"):
        step_of(pooled, lambda network: network.double())


def test_what_is_frozen_stays(pooled):
    network, step = step_of(pooled, lambda network: network.conv.weight.requires_grad_(False))
    before = network.conv.weight.clone(), network.head.weight.clone()
    step(*batch())
    assert torch.equal(network.conv.weight, before[0]) and network.conv.weight.grad is None
    assert not torch.equal(network.head.weight, before[1])


@pytest.mark.parametrize("place", [(0, 0), (2, 2), (4, 4)])
def test_what_is_no_number_reaches_the_loss(pooled, place):
    images, labels = batch()
    images[0, 0, place[0], place[1]] = math.nan
    _, step = step_of(pooled)
    assert math.isnan(step(images, labels))


def test_as_much_is_no_number_as_in_pytorch():
    net = Architecture()
    net.add("max", MaxPool2d(3), net.add("image", Input((1, 6, 6))))
    net.add("pool", GlobalAvgPool(), "max")
    images = torch.zeros(36, 1, 6, 6)
    for at in range(36):
        images[at, 0, at // 6, at % 6] = math.nan
    network = build(net, 0)
    found = PlannedNetwork(network, match(net), 36).eval()(images)
    assert np.array_equal(torch.isnan(found), torch.isnan(network.eval()(images)))


def test_on_a_device_of_another_kind_pytorch_trains():
    compute = Compute(kernels="planned")
    assert compute.on("cuda:0").kernels == "eager"
    assert compute.on("cpu").kernels == "planned"
