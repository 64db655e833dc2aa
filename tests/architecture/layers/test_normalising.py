"""Normalisation of vectors by batch, and of each example by itself."""

import re

import pytest
import torch
import torch.nn.functional as F

from evonas.architecture.architecture import Architecture
from evonas.architecture.channels import ChannelClasses
from evonas.architecture.layers import (
    BatchNorm1d,
    Conv2d,
    GlobalAvgPool,
    GroupNorm,
    Input,
    LayerNorm,
    LayerNorm2d,
    Linear,
)
from evonas.errors import UserError


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_groups(groups, check_against_torch, compute):
    check_against_torch(GroupNorm(groups), (6, 4, 5))
    batch = torch.randn(2, 6, 4, 5, dtype=torch.float64)
    weight, bias = torch.rand(6), torch.randn(6)
    wanted = F.group_norm(batch, groups, weight.double(), bias.double(), 1e-5)
    outputs = compute(GroupNorm(groups), batch, weight=weight, bias=bias)
    assert torch.allclose(outputs, wanted)


def test_vectors(check_against_torch, compute):
    check_against_torch(LayerNorm(1e-3), (6,))
    check_against_torch(BatchNorm1d(1e-3), (6,))
    batch, weight, bias = torch.randn(3, 6), torch.rand(6), torch.randn(6)
    outputs = compute(LayerNorm(1e-3), batch, weight=weight, bias=bias)
    assert torch.allclose(outputs, F.layer_norm(batch, (6,), weight, bias, 1e-3), atol=1e-6)


def test_channels_of_each_pixel(check_against_torch, compute):
    network = check_against_torch(LayerNorm2d(), (6, 4, 5))
    assert network.layer.weight.shape == (6,)
    outputs = compute(LayerNorm2d(), torch.randn(2, 6, 4, 5))
    assert outputs.mean(1).abs().max() < 1e-6
    assert (outputs.var(1, correction=0) - 1).abs().max() < 1e-3


@pytest.mark.parametrize("norm", [GroupNorm(3), LayerNorm2d()], ids=repr)
def test_statistics_tie_all_channels(norm):
    net = Architecture()
    x = net.add("conv", Conv2d(6), net.add("image", Input((3, 8, 8))))
    net.add("head", Linear(4), net.add("pool", GlobalAvgPool(), net.add("norm", norm, x)))
    classes = ChannelClasses(net)
    assert len(set(classes.of("conv").tolist())) == 1
    assert classes.free("conv")
    assert not ChannelClasses(net, fresh=True).free("conv")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GroupNorm(0), "GroupNorm groups: expected whole numbers of at least 1, got 0"),
        (lambda: GroupNorm(2, 0.0), "GroupNorm epsilon: expected above 0, got 0.0"),
        (lambda: GroupNorm(4).shape([(6, 2, 2)]), "GroupNorm expected channels that 4 groups divide, got 6"),
        (lambda: GroupNorm(2).shape([(6,)]), "GroupNorm expected (channels, height, width), got (6,)"),
        (lambda: LayerNorm("small"), "LayerNorm epsilon: expected above 0, got 'small'"),
        (lambda: LayerNorm().shape([(6, 2, 2)]), "LayerNorm expected (features,), got (6, 2, 2)"),
        (lambda: LayerNorm2d(-1.0), "LayerNorm2d epsilon: expected above 0, got -1.0"),
        (lambda: BatchNorm1d(momentum=2), "BatchNorm1d momentum: expected 0 to 1, got 2"),
        (lambda: BatchNorm1d().shape([(6, 2, 2)]), "BatchNorm1d expected (features,), got (6, 2, 2)"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()
