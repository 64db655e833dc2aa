import math

import numpy as np
import pytest
import torch
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Dropout2d,
    GlobalAvgPool,
    Input,
    Linear,
    ReLU,
)
from evonas.network.network import build
from evonas.training import steps
from evonas.training.device import Compute
from evonas.training.images import DeviceImages, Normalisation
from evonas.training.plan import Plan
from evonas.training.schedule import learning_rate
from evonas.training.steps import optimiser_for
from evonas.training.trainer import DivergenceError, fit, score, to_device

COMPUTE = Compute()
PLAN = Plan(epochs=2, batch_size=8, learning_rate=0.1)


def small(seed=0) -> nn.Module:
    """Convolution, normalisation, linear: whatever is treated in its own way."""
    net = Architecture()
    node = net.add("image", Input((3, 6, 6)))
    node = net.add("conv", Conv2d(8, bias=True), node)
    node = net.add("bn", BatchNorm2d(), node)
    node = net.add("relu", ReLU(), node)
    node = net.add("pool", GlobalAvgPool(), node)
    net.add("head", Linear(3), node)
    return to_device(build(net, seed), COMPUTE)


def noise(count=24, padding=1) -> DeviceImages:
    """Random images with random labels."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 6, 6, 3)).astype(np.uint8)
    return DeviceImages(x, rng.integers(0, 3, count), Normalisation((128,) * 3, (74,) * 3), "cpu", padding)


def weights(network) -> torch.Tensor:
    return torch.cat([tensor.flatten().double() for tensor in network.state_dict().values()])


def parameters(network) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten().double() for parameter in network.parameters()])


# -- the schedule ----------------------------------------------------------------------------------


def test_cosine_goes_from_the_first_rate_to_the_last():
    plan = Plan(learning_rate=0.8, final_learning_rate=0.2)
    assert learning_rate(0, 100, plan) == 0.8
    assert learning_rate(50, 100, plan) == pytest.approx(0.5)
    assert learning_rate(100, 100, plan) == pytest.approx(0.2)
    assert learning_rate(25, 100, plan) == pytest.approx(0.2 + 0.6 * (1 + math.sqrt(0.5)) / 2)
    rates = [learning_rate(step, 100, plan) for step in range(101)]
    assert rates == sorted(rates, reverse=True)


def test_every_step_has_its_rate(monkeypatch):
    used = []

    class Recording(torch.optim.SGD):
        def step(self, closure=None):
            used.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    def recording(network, plan, rate=None):
        return Recording(
            [{"params": list(network.parameters())[:1]}, {"params": list(network.parameters())[1:]}], lr=9
        )

    monkeypatch.setattr(steps, "optimiser_for", recording)
    plan = PLAN.changed({"epochs": 3, "final_learning_rate": 0.01})
    done = fit(small(), noise(), plan, COMPUTE, 0, mirror=True)
    assert used == [[learning_rate(step, 9, plan)] * 2 for step in range(9)]
    assert done.images == 3 * 3 * 8


# -- the optimiser ---------------------------------------------------------------------------------


def test_weight_decay_is_for_filters_and_matrices_alone():
    network = small()
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    optimiser = optimiser_for(network, Plan(learning_rate=0.5, weight_decay=0.1, momentum=0.0))
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    shrunk = {name for name, p in network.named_parameters() if not torch.equal(p, before[name])}
    assert shrunk == {"conv.weight", "head.weight"}
    for name in shrunk:
        torch.testing.assert_close(network.get_parameter(name), before[name] * (1 - 0.5 * 0.1))
    assert {"bn.weight", "bn.bias", "conv.bias", "head.bias"} <= set(before)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_it_is_nesterovs_momentum(momentum):
    """Sutskever et al. 2013: v = mu v + g, p = p - lr (g + mu v)."""
    network = nn.Linear(2, 2, bias=False)
    p, v = network.weight.detach().double().clone(), torch.zeros(2, 2, dtype=torch.float64)
    optimiser = optimiser_for(network, Plan(learning_rate=0.1, weight_decay=0.0, momentum=momentum))
    for step in range(3):
        gradient = torch.tensor([[1.0, -2.0], [0.5, step]])
        network.weight.grad = gradient.clone()
        optimiser.step()
        v = momentum * v + gradient
        p -= 0.1 * (gradient + momentum * v)
    torch.testing.assert_close(network.weight.double(), p, rtol=0, atol=1e-6)


def test_a_network_of_biases_alone_has_an_optimiser():
    assert len(optimiser_for(nn.BatchNorm2d(3), PLAN).param_groups) == 1


def test_gradients_are_clipped():
    plan = PLAN.changed({"epochs": 1, "batch_size": 24, "weight_decay": 0.0, "momentum": 0.0})

    def step(clip):
        """How far one step moves the parameters."""
        network = small()
        before = parameters(network)
        fit(network, noise(), plan.changed({"gradient_clip": clip}), COMPUTE, 0, mirror=True)
        return float((parameters(network) - before).norm())

    assert step(clip=0.001) == pytest.approx(0.1 * 0.001, rel=1e-2)
    assert step(clip=0.0) > 0.001
    assert step(clip=0.0) == step(clip=1e9)


# -- training --------------------------------------------------------------------------------------


def test_a_tiny_set_is_learnt_by_heart():
    network, images = small(), noise(count=16, padding=0)
    before = score(network, images, COMPUTE)
    plan = Plan(epochs=150, batch_size=16, learning_rate=0.3, crop=0, weight_decay=0.0)
    done = fit(network, images, plan, COMPUTE, 0, mirror=False)
    after = score(network, images, COMPUTE)
    assert before.accuracy < 0.8
    assert after.accuracy == 1.0
    assert after.loss < 0.1 < before.loss
    assert [len(done.curve), done.curve[-1].loss < done.curve[0].loss / 5] == [150, True]


def test_a_seed_means_the_same_training():
    def trained(seed, disturb):
        torch.manual_seed(disturb)
        network = small()
        done = fit(network, noise(), PLAN.changed({"cutout": 2}), COMPUTE, seed, mirror=True)
        return weights(network), done.curve

    (first, curve), (second, same), (other, _) = trained(3, 1), trained(3, 2), trained(4, 1)
    assert torch.equal(first, second)
    assert curve == same
    assert not torch.equal(first, other)


def test_the_plan_says_whether_images_are_flipped():
    found = [
        weights(trained)
        for plan, mirror in [({}, True), ({}, False), ({"mirror": True}, False), ({"mirror": False}, True)]
        for trained in [small()]
        if fit(trained, noise(), PLAN.changed(plan), COMPUTE, 0, mirror)
    ]
    assert torch.equal(found[0], found[2])
    assert torch.equal(found[1], found[3])
    assert not torch.equal(found[0], found[1])


def test_a_loss_that_is_no_number_ends_it():
    plan = PLAN.changed({"learning_rate": 1e30, "gradient_clip": 0.0})
    with pytest.raises(DivergenceError, match=r"the training loss was (nan|inf) in epoch 1 of 2"):
        fit(small(), noise(), plan, COMPUTE, 0, mirror=True)


def test_the_curve_has_what_was_measured_after_each_epoch():
    network, images = small(), noise()
    modes = []

    def measure(epoch):
        accuracy = score(network, images, COMPUTE).accuracy
        modes.append((epoch, network.training))
        return accuracy if epoch == 2 else None

    done = fit(network, images, PLAN.changed({"epochs": 3}), COMPUTE, 0, True, measure)
    assert modes == [(1, False), (2, False), (3, False)]
    assert [point.accuracy is None for point in done.curve] == [True, False, True]
    assert all(math.isfinite(point.loss) for point in done.curve)
    assert done.seconds > 0
    plain = small()
    fit(plain, images, PLAN.changed({"epochs": 3}), COMPUTE, 0, True)
    assert torch.equal(weights(plain), weights(network)), "measuring changes nothing"


# -- measuring -------------------------------------------------------------------------------------


def test_a_score_is_the_mean_over_all_images():
    network, images = small(), noise(count=1100)  # two full batches and a smaller one
    fit(network, noise(), PLAN, COMPUTE, 0, mirror=True)
    found = score(network, images, COMPUTE)
    network.eval()
    losses, right = [], 0
    with torch.no_grad():
        for batch, labels in images.batches(1):
            logits = network(batch)[0].double()
            losses.append(float(torch.logsumexp(logits, 0) - logits[labels[0]]))
            right += int(logits.argmax() == labels[0])
    assert found.accuracy == right / 1100
    assert found.loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_score_leaves_the_network_alone():
    network, images = small(), noise()
    before = weights(network)
    assert score(network, images, COMPUTE) == score(network, images, COMPUTE)
    assert torch.equal(weights(network), before)
    assert not network.training


def test_filters_lie_channels_last():
    weight = small().get_parameter("conv.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("whole", [False, True], ids=["numbers", "channels"])
def test_dropout_draws_from_the_seed_and_leaves_the_global_generator_alone(whole):
    def dropping():
        net = Architecture()
        node = net.add("image", Input((3, 6, 6)))
        node = net.add("conv", Conv2d(8, bias=True), node)
        node = net.add("channels", Dropout2d(0.5), node) if whole else node
        node = net.add("pool", GlobalAvgPool(), node)
        net.add("head", Linear(3), node if whole else net.add("drop", Dropout(0.5), node))
        return to_device(build(net), COMPUTE)

    found = []
    for seed, disturbed in ((1, 7), (1, 8), (2, 8)):
        torch.manual_seed(disturbed)
        before = torch.get_rng_state()
        network = dropping()
        fit(network, noise(), PLAN, COMPUTE, seed, mirror=False)
        assert torch.equal(torch.get_rng_state(), before)
        found.append(weights(network))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[1], found[2])
