"""What a training on a plan is estimated to take, beside what it takes."""

import random

import pytest
import torch
from planned_networks import PLANNED, SMALL, batch_for, decoded, started
from torch import nn

from evonas.architecture import Architecture, TooLargeError
from evonas.architecture.layers import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    GlobalAvgPool,
    GroupNorm,
    Input,
    LayerNorm2d,
    Linear,
    MinPool2d,
    Multiply,
    ReLU,
    Scale,
    SiLU,
)
from evonas.task import Task
from evonas.training.memory import EVALUATION_BATCH, footprint, parts
from evonas.training.plan import Plan
from evonas.training.planned import PlannedStep, match, plan_step, planned_footprint
from evonas.training.planned.footprint import AT_ONCE
from evonas.training.planned.stepping import arena_for
from evonas.training.preparation import matched_for, prepared

TASK = Task(3, 16, 16, 10)
PLAN = Plan(gradient_clip=0)


def estimate(architecture, plan=PLAN, auxiliary=None):
    matched = matched_for(architecture, auxiliary, TASK, plan)
    return planned_footprint(architecture, matched, plan)


def kept_by(architecture, images, plan=PLAN, auxiliary=None):
    """Bytes that a step keeps, without weights."""
    network = started(architecture, steered=plan.drop_path > 0)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.3
    view = prepared(network, architecture, auxiliary, TASK, plan, 0).to(memory_format=torch.channels_last)
    matched = matched_for(architecture, auxiliary, TASK, plan)
    step = PlannedStep(view.train(), plan, PLANNED, images, matched)
    step(*batch_for(architecture, images, 0))
    return step.kept


def check(architecture, images=16, **how):
    found = estimate(architecture, **how)
    guessed = found.training(images) - found.weights - images * found.passing
    assert guessed == pytest.approx(kept_by(architecture, images, **how), rel=0.03)


def with_islands():
    """Layers that keep tensors of their own, between some that do not."""
    net = Architecture()
    node = net.add("norm", BatchNorm2d(), net.add("conv", Conv2d(24), net.add("image", Input((3, 16, 16)))))
    layers = [SiLU(), Conv2d(24, groups=3), GELU(), LayerNorm2d(), MinPool2d(3, 2), GroupNorm(4), Scale()]
    for at, layer in enumerate([*layers, Dropout(0.3), Conv2d(200, 3), ReLU(), Conv2d(30), AvgPool2d()]):
        node = net.add(f"layer{at}", layer, node)
    node = net.add("square", Multiply(), node, net.add("last", GELU(), node))
    net.add("head", Linear(10), net.add("pool", GlobalAvgPool(), node))
    return net


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in ("amoeba", "darts") else ()) for name in SMALL],
)
def test_the_estimate_is_what_is_kept(name):
    check(decoded(name, TASK, 5))


@pytest.mark.parametrize("images", [1, 16])
def test_what_pytorch_keeps_besides_is_estimated(images):
    check(with_islands(), images)


def test_random_networks(random_architecture):
    for seed in range(8):
        check(random_architecture(random.Random(seed)))


def test_paths_that_are_dropped_and_an_auxiliary_head():
    check(decoded("amoeba", TASK, combinations=2), plan=PLAN.changed({"drop_path": 0.3}))
    architecture = decoded("amoeba", TASK, combinations=2)
    node = next(name for name in architecture if name.endswith("join") or "relu" in name)
    check(architecture, plan=PLAN.changed({"auxiliary": 0.4}), auxiliary=node)


def test_the_arena_is_what_the_plan_says():
    architecture = decoded("amoeba", TASK)
    matched = match(architecture, steered=False)
    for images in (1, 8, 64):
        plan = plan_step(matched, images)
        assert arena_for(plan).nbytes == plan.bytes
        ends = [one.offset + one.size for one in plan.recorder.buffers if one.first >= 0]
        assert max(ends) <= plan.floats


def test_buffers_that_live_at_the_same_time_lie_apart():
    plan = plan_step(match(decoded("darts", TASK), steered=False), 4)
    used = [one for one in plan.recorder.buffers if one.first >= 0]
    for at, one in enumerate(used):
        for other in used[:at]:
            if one.first <= other.last and other.first <= one.last:
                assert one.offset + one.size <= other.offset or other.offset + other.size <= one.offset


def test_weights_gradients_and_momentum_count():
    architecture = decoded("amoeba", TASK)
    found = estimate(architecture)
    assert found.weights == footprint(architecture, PLAN).weights
    assert estimate(architecture, PLAN.changed({"momentum": 0.0})).weights < found.weights
    assert found.training(8, kept=1000) == found.weights + 1000 + 8 * found.passing


def test_an_evaluation_takes_one_part_of_its_images():
    found = estimate(decoded("amoeba", TASK))
    assert found.evaluation(AT_ONCE) == found.evaluation(EVALUATION_BATCH) > found.evaluation(8)
    assert found.evaluation(AT_ONCE) < found.training(AT_ONCE)


def test_a_limit_cuts_batches_into_parts():
    found = estimate(decoded("amoeba", TASK))
    whole = parts(found, 64, None)
    cut = parts(found, 64, found.training(64) - 1)
    assert (whole.training, cut.training) == (64, 32)
    assert cut.memory < found.training(64) <= whole.memory
    with pytest.raises(TooLargeError, match="with parts of 8 images, more than max_memory"):
        parts(found, 64, found.weights)
