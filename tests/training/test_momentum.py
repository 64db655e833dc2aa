"""Momentum that travels with the weights."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, ReLU
from evonas.inheritance.momentum import belonging, with_momentum, without_momentum
from evonas.network.network import build, weights_of
from evonas.task import Task
from evonas.training.auxiliary import with_auxiliary
from evonas.training.device import Compute
from evonas.training.images import DeviceImages, Normalisation
from evonas.training.momentum import load_momentum, momentum_of
from evonas.training.plan import Plan
from evonas.training.steps import optimiser_for
from evonas.training.trainer import fit, to_device

COMPUTE = Compute()
PLAN = Plan(
    epochs=2, batch_size=8, learning_rate=0.1, schedule="constant", crop=0, mirror=False, carry_momentum=True
)


class InOrder(DeviceImages):
    """Images that come in the same batches in every epoch, whatever the seed."""

    def epoch(self, plan, flips, generator):
        return super().epoch(plan, flips, torch.Generator().manual_seed(0))


def images() -> DeviceImages:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (24, 6, 6, 3)).astype(np.uint8)
    return InOrder(x, rng.integers(0, 3, 24), Normalisation((128,) * 3, (74,) * 3), "cpu", 0)


def small(width=8) -> Architecture:
    net = Architecture()
    node = net.add("image", Input((3, 6, 6)))
    node = net.add("conv", Conv2d(width, bias=True), node)
    node = net.add("bn", BatchNorm2d(), node)
    node = net.add("relu", ReLU(), node)
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), node))
    return net


def network(weights=None, seed=0) -> nn.Module:
    return to_device(build(small(), seed, weights), COMPUTE)


def train(net, plan=PLAN, momentum=None, seed=0):
    return fit(net, images(), plan, COMPUTE, seed, mirror=False, momentum=momentum)


def stepped(net, plan=PLAN, steps=1):
    """Its optimiser after some steps with gradients of its own."""
    optimiser = optimiser_for(net, plan)
    for step in range(steps):
        for number, parameter in enumerate(net.parameters()):
            parameter.grad = torch.full_like(parameter, number + step + 1.0)
        optimiser.step()
    return optimiser


def test_a_training_in_two_parts_is_the_whole_one_bit_by_bit():
    whole = network()
    train(whole, PLAN.changed({"epochs": 4}))
    first = network()
    done = train(first)
    second = network(weights_of(first), seed=9)
    again = train(second, momentum=done.momentum, seed=5)
    at_rest = network(weights_of(first))
    train(at_rest)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name
    assert not torch.equal(at_rest.conv.weight, whole.conv.weight)
    assert set(again.momentum) == {name for name, _ in whole.named_parameters()}


def test_it_is_given_only_where_the_plan_says_so():
    assert train(network(), PLAN.changed({"carry_momentum": False})).momentum is None
    assert train(network(), PLAN.changed({"momentum": 0.0})).momentum == {}


def test_it_has_the_names_and_shapes_of_parameters():
    net = network()
    optimiser = optimiser_for(net, PLAN)
    assert momentum_of(net, optimiser) == {}
    optimiser = stepped(net, steps=2)
    found = momentum_of(net, optimiser)
    for number, (name, parameter) in enumerate(net.named_parameters()):
        assert found[name].shape == parameter.shape
        assert found[name].is_contiguous()
        decay = PLAN.weight_decay if parameter.dim() > 1 else 0
        torch.testing.assert_close(
            found[name],
            torch.full_like(found[name], 0.9 * (number + 1) + number + 2),
            rtol=0,
            atol=10 * decay,
        )
    assert len(found) == 6
    # Copies: what the optimiser does next does not reach them.
    before = {name: tensor.clone() for name, tensor in found.items()}
    for state in optimiser.state.values():
        state["momentum_buffer"].add_(1)
    assert all(torch.equal(found[name], tensor) for name, tensor in before.items())


def test_what_does_not_fit_starts_from_rest():
    parent, child = network(), network(seed=1)
    given = momentum_of(parent, stepped(parent))
    given["conv.weight"] = given["conv.weight"][:4]
    given["stranger.weight"] = torch.ones(3)
    del given["bn.weight"]
    optimiser = optimiser_for(child, PLAN)
    assert load_momentum(child, optimiser, given) == 4
    buffers = {name: optimiser.state[p]["momentum_buffer"] for name, p in child.named_parameters()}
    assert not buffers["conv.weight"].any()
    assert not buffers["bn.weight"].any()
    assert torch.equal(buffers["head.weight"], given["head.weight"])
    assert buffers["head.weight"].data_ptr() != given["head.weight"].data_ptr()
    # One step later, those at rest are where they would be without.
    other = network(seed=1)
    plain = optimiser_for(other, PLAN)
    for net, one in ((child, optimiser), (other, plain)):
        for parameter in net.parameters():
            parameter.grad = torch.ones_like(parameter)
        one.step()
    assert torch.equal(child.conv.weight, other.conv.weight)
    assert torch.equal(child.bn.weight, other.bn.weight)
    assert not torch.equal(child.head.weight, other.head.weight)


@pytest.mark.parametrize("given", [{}, {"stranger.weight": torch.ones(3)}])
def test_nothing_that_fits_changes_nothing(given):
    child = network()
    optimiser = optimiser_for(child, PLAN)
    assert load_momentum(child, optimiser, given) == 0
    assert not optimiser.state


def test_an_optimiser_without_momentum_is_left_alone():
    net = network()
    given = momentum_of(net, stepped(net))
    optimiser = optimiser_for(net, PLAN.changed({"momentum": 0.0}))
    assert load_momentum(net, optimiser, given) == 0
    assert not optimiser.state


def test_an_auxiliary_heads_stays_behind():
    net = build(small())
    view = with_auxiliary(net, small(), "relu", Task(3, 6, 6, 3), 0)
    found = momentum_of(view, stepped(view))
    assert set(found) == {name for name, _ in net.named_parameters()}


def test_only_what_was_taken_over_as_it_was_belongs():
    parent = network()
    given, weights = momentum_of(parent, stepped(parent)), weights_of(parent)
    child = network(weights)
    with torch.no_grad():
        child.conv.weight.copy_(child.conv.weight.flip(1))  # columns have changed places
    del weights["bn.bias"]
    found = belonging(given, child, weights)
    assert set(found) == {"conv.bias", "bn.weight", "head.weight", "head.bias"}
    narrow = to_device(build(small(4)), COMPUTE)
    assert set(belonging(given, narrow, weights)) <= {"head.bias"}


def test_one_file_holds_weights_and_momentum(tmp_path):
    net = network()
    given = momentum_of(net, stepped(net))
    weights = weights_of(net)
    save_file(with_momentum(weights, given), tmp_path / "both.safetensors")
    read = without_momentum(load_file(tmp_path / "both.safetensors"))
    for mine, theirs in zip(read, (weights, given), strict=True):
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert without_momentum(weights) == (weights, {})
    assert with_momentum(weights, {}) == weights
