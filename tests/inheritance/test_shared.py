"""What a child inherits where a layer is called twice."""

from collections.abc import Callable

import pytest
import torch
from evonas.operators.morphisms import Deepen, EnlargeKernel, Widen
from shared_models import SHARED, made
from torch import nn

from evonas.architecture import Architecture
from evonas.inheritance import inherit, morph, remap
from evonas.network.network import build, weights_of
from evonas.testing.morphisms import images_for, randomise, relative_gap

MODES: dict[str, Callable[..., object]] = {"match": inherit, "remap": remap, "morph": morph}


def child_of(
    mode: str, child: Architecture, parent: Architecture, weights: dict[str, torch.Tensor]
) -> nn.Module:
    network = build(child, seed=3, dtype=torch.float64)
    MODES[mode](network, child, parent, weights)
    return network


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SHARED)
def test_an_identical_child_is_its_parent_bit_by_bit(mode, name):
    net, _ = Architecture.from_module(made(name), torch.rand(2, 3, 8, 8).double())
    weights = randomise(net, 1)
    carried = weights_of(child_of(mode, net, net, weights))
    assert carried.keys() == weights.keys()
    assert all(torch.equal(tensor, weights[key]) for key, tensor in carried.items())


@pytest.mark.parametrize("name", ["a convolution twice", "a block in a loop", "two sizes"])
def test_morph_finds_what_has_changed_in_all_calls(name):
    net, _ = Architecture.from_module(made(name), torch.rand(2, 3, 8, 8).double())
    weights, images = randomise(net, 1), images_for(net)
    parent = build(net, weights=weights, dtype=torch.float64)
    owner = next(net.owner(node) for node in net if net.owner(node) != node)
    changes = [EnlargeKernel(owner, 5), Widen(owner, net.shape(owner)[0] + 2, 0)]
    relu = next(node for node in net if net.layer(node).kind == "ReLU")
    changes.append(Deepen(relu, 3, "deeper"))
    for change in changes:
        child = change.rewrite(net)
        assert relative_gap(parent, child_of("morph", child, net, weights), images) < 1e-10
