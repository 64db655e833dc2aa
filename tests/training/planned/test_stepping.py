"""Steps of the optimiser on a plan, beside those that PyTorch makes."""

import copy

import pytest
import torch
from planned_networks import PLANNED, batch_for, decoded, gradient_gap, started
from torch import nn

from evonas.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Dropout2d,
    DropPath,
    GlobalAvgPool,
    Input,
    Linear,
    ReLU,
)
from evonas.task import Task
from evonas.training.device import Compute
from evonas.training.momentum import load_momentum, momentum_of
from evonas.training.plan import Plan
from evonas.training.planned import PlannedStep
from evonas.training.preparation import matched_for, prepared, steps_on
from evonas.training.regularise import RandomLayers
from evonas.training.steps import Step

TASK = Task(3, 8, 8, 4)
PLAN = Plan(learning_rate=0.05, batch_size=12, gradient_clip=0)


def drawing(probability=0.4):
    """A network whose layers draw."""
    net = Architecture()
    node = net.add("conv", Conv2d(8), net.add("image", Input((3, 8, 8))))
    node = net.add("relu", ReLU(), net.add("norm", BatchNorm2d(), node))
    node = net.add("path", DropPath(), net.add("whole", Dropout2d(probability), node))
    node = net.add("drop", Dropout(probability), net.add("second", Conv2d(9, 1), node))
    node = net.add("drop_too", Dropout(probability), net.add("pool", GlobalAvgPool(), node))
    net.add("head", Linear(4), node)
    return net


def networks(architecture, plan, auxiliary=None, probability=None):
    """Two modules to train that are alike, and what computes them."""
    network = started(architecture, steered=plan.drop_path > 0)
    for module in network.modules():
        if isinstance(module, nn.Dropout | nn.Dropout2d) and probability is not None:
            module.p = probability
    twins = []
    for one in (network, copy.deepcopy(network)):
        one.meta = network.meta  # which a copy has not
        twins.append(
            prepared(one, architecture, auxiliary, TASK, plan, 5).to(memory_format=torch.channels_last)
        )
    return twins, matched_for(architecture, auxiliary, TASK, plan)


def numbers(network):
    return torch.cat([tensor.detach().flatten().double() for tensor in network.state_dict().values()])


def check_steps(architecture, plan=PLAN, steps=3, part=12, within=1e-4, auxiliary=None, probability=None):
    """Makes steps both ways: what has changed is the same, but for so much of it."""
    (eager, planned), matched = networks(architecture, plan, auxiliary, probability)
    before, losses = numbers(eager), []
    for network, how in ((eager, None), (planned, matched)):
        network.train()
        with RandomLayers(network, plan.drop_path, 3, "cpu") as layers:
            layers.at(0.8)
            step = (steps_on(how) if how else Step)(network, plan, PLANNED, part)
            batches = [batch_for(architecture, plan.batch_size, turn) for turn in range(steps)]
            losses.append([step(*batch).item() for batch in batches])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    there, here = numbers(eager), numbers(planned)
    assert (here - there).norm() <= within * (there - before).norm()
    return step


@pytest.mark.parametrize(
    "choices",
    [{}, {"label_smoothing": 0.1}, {"gradient_clip": 0.5}, {"momentum": 0.0}, {"norm_momentum": 0.01}],
    ids=str,
)
def test_steps_are_those_of_pytorch(choices):
    check_steps(drawing(), PLAN.changed(choices))


@pytest.mark.parametrize("probability", [0.4, 0.0])
@pytest.mark.parametrize("drop_path", [0.5, 0.0])
def test_layers_draw_what_they_draw_in_pytorch(probability, drop_path):
    check_steps(drawing(), PLAN.changed({"drop_path": drop_path}), probability=probability)


def test_paths_of_a_genome_are_dropped_alike():
    architecture = decoded("amoeba", TASK, combinations=2)
    assert any(isinstance(architecture.layer(name), DropPath) for name in architecture)
    check_steps(architecture, PLAN.changed({"drop_path": 0.4}), within=1e-3)


def test_an_auxiliary_head():
    architecture = drawing()
    step = check_steps(architecture, PLAN.changed({"auxiliary": 0.4}), auxiliary="relu")
    assert any(name.startswith("auxiliary_head.") for name, _ in step.network.named_parameters())
    assert step.network.auxiliary_head.classifier.weight.grad.abs().max() > 0


@pytest.mark.parametrize("part", [4, 5, 9])
def test_parts_of_a_batch(part):
    """Their gradients are summed; a last one may be smaller."""
    check_steps(drawing(), part=part)
    check_steps(drawing(), PLAN.changed({"auxiliary": 0.4, "gradient_clip": 0.3}), 2, part, auxiliary="relu")


def test_parts_have_the_gradients_of_the_whole():
    """Where nothing is normalised."""
    net = Architecture()
    node = net.add("relu", ReLU(), net.add("conv", Conv2d(9), net.add("image", Input((3, 6, 6)))))
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), node))
    (exact, whole), matched = networks(net, PLAN)
    cut, (images, labels) = copy.deepcopy(whole), batch_for(net, 13, 0)
    exact.double()
    Step(exact, PLAN, Compute(), 13)._gradients(images.double(), labels)
    for network, part in ((whole, 13), (cut, 5)):
        PlannedStep(network.train(), PLAN, PLANNED, part, matched)._gradients(images, labels)
        assert gradient_gap(network, exact) < 1e-6


def test_momentum_is_carried_over():
    (eager, planned), matched = networks(drawing(), PLAN)
    before = numbers(eager)
    images, labels = batch_for(drawing(), 12, 0)
    carried = []
    for network, how in ((eager, None), (planned, matched)):
        make = steps_on(how) if how else Step
        first = make(network.train(), PLAN, PLANNED, 12)
        first(images, labels)
        carried.append(momentum_of(network, first.optimiser))
        second = make(network, PLAN, PLANNED, 12)
        assert load_momentum(network, second.optimiser, carried[-1]) == len(list(network.parameters()))
        second(images, labels)
    for name, momentum in carried[0].items():
        assert torch.allclose(carried[1][name], momentum, rtol=1e-3, atol=1e-5), name
    assert (numbers(planned) - numbers(eager)).norm() <= 1e-4 * (numbers(eager) - before).norm()


def test_a_step_is_the_same_each_time_bit_by_bit():
    found = []
    for _ in range(2):
        (_, planned), matched = networks(drawing(), PLAN)
        step = PlannedStep(planned.train(), PLAN, PLANNED, 5, matched)
        for turn in range(3):
            step(*batch_for(drawing(), 12, turn))
        found.append(numbers(planned))
    assert torch.equal(*found)


def test_a_loss_that_is_no_number_is_known():
    (_, planned), matched = networks(drawing(), PLAN)
    images, labels = batch_for(drawing(), 12, 0)
    step = PlannedStep(planned.train(), PLAN, PLANNED, 12, matched)
    images[3, 0, 2, 2] = torch.inf
    assert not step(images, labels).isfinite()


def test_one_value_cannot_be_normalised():
    """As PyTorch says, rather than go on with a running variance that is no number."""
    net = Architecture()
    node = net.add(
        "norm", BatchNorm2d(), net.add("conv", Conv2d(4, 3, 2), net.add("image", Input((3, 2, 2))))
    )
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), node))
    (eager, planned), matched = networks(net, PLAN)
    images, labels = batch_for(net, 1, 0)
    for step in (
        Step(eager.train(), PLAN, PLANNED, 1),
        PlannedStep(planned.train(), PLAN, PLANNED, 1, matched),
    ):
        with pytest.raises(ValueError, match=r"xpected more than 1 value per channel when training"):
            step(images, labels)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_weights_may_lie_either_way(layout):
    (exact, planned), matched = networks(drawing(), PLAN)
    images, labels = batch_for(drawing(), 12, 0)
    exact.double()
    Step(exact.train(), PLAN, Compute(), 12)._gradients(images.double(), labels)
    PlannedStep(planned.to(memory_format=layout).train(), PLAN, PLANNED, 12, matched)._gradients(
        images, labels
    )
    assert gradient_gap(planned, exact) < 1e-5
    assert planned.conv.weight.grad.stride() == planned.conv.weight.stride()
