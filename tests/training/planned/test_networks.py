"""Whole networks on a plan: as PyTorch computes them, measured by float64."""

import random
import statistics

import pytest
import torch
from planned_networks import (
    PLANNED,
    SMALL,
    batch_for,
    by_plan,
    by_pytorch,
    check_evaluation,
    check_step,
    decoded,
    gradient_gap,
    started,
)

from evonas.task import Task
from evonas.training.plan import Plan
from evonas.training.planned import PlannedNetwork, can_plan, match
from evonas.training.steps import Step

TASK = Task(3, 16, 16, 4)
NATIVE = {"amoeba", "darts", "genet", "graph", "nasbench201"}
"""Genomes of whose networks kernels compute at least 8 operations in 10."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "darts" else ()) for name in SMALL]
)
def test_a_step_of_every_genome(name):
    matched = check_step(decoded(name, TASK))
    assert matched.native >= (0.8 if name in NATIVE else 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 16))
@pytest.mark.parametrize("name", SMALL)
def test_steps_of_more_networks(name, seed):
    check_step(decoded(name, Task(seed % 3 + 1, 16, 12, 4), seed), 3 + seed, seed)


@pytest.mark.parametrize("images", [1, 7, 64, 70, 130])
def test_a_network_that_is_evaluated(images):
    """Batches are worked on in parts; a last one may have less."""
    architecture = decoded("amoeba", Task(3, 8, 8, 4))
    check_evaluation(architecture, images)


@pytest.mark.parametrize("name", [name for name in SMALL if name not in ("amoeba", "darts")])
def test_every_genome_is_evaluated(name):
    check_evaluation(decoded(name, Task(1, 16, 12, 3), 3), 5)


def test_what_is_evaluated_are_the_weights_of_the_moment():
    architecture = decoded("amoeba", Task(3, 8, 8, 4))
    network = started(architecture)
    planned = PlannedNetwork(network, match(architecture, steered=False), 8).eval()
    batch, labels = batch_for(architecture, 8, 1)
    with torch.inference_mode():
        before = planned(batch)
    step = Step(network.train(), Plan(), PLANNED, 8)
    step(batch, labels)
    with torch.inference_mode():
        found = planned(batch)
        assert torch.allclose(found, network.eval()(batch), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(found, before, rtol=1e-3)


def test_random_networks(random_architecture):
    """Of most kinds of layer, with and without kernels, inputs read twice."""
    for seed in range(12):
        architecture = random_architecture(random.Random(seed))
        assert can_plan(architecture)
        check_step(architecture, 5, seed)
        check_evaluation(architecture, 5, seed)


@pytest.mark.slow
def test_many_random_networks(random_architecture):
    for seed in range(12, 200):
        architecture = random_architecture(random.Random(seed))
        check_step(architecture, 5, seed)
        check_evaluation(architecture, 5, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["amoeba", "nasbench201"])
def test_gradients_along_a_training_are_as_exact_as_pytorchs(name):
    """At 200 points: in the median at most a tenth further off float64 than eager gradients are."""
    architecture = decoded(name, TASK)
    network, matched = started(architecture), match(architecture, steered=False)
    step = Step(network.train(), Plan(gradient_clip=0, learning_rate=0.02), PLANNED, 32)
    ratios = []
    for turn in range(200):
        batch, labels = batch_for(architecture, 32, turn)
        batch += labels.view(-1, 1, 1, 1) / 4  # something to learn
        exact = by_pytorch(network, batch, labels, torch.float64)
        eager = by_pytorch(network, batch, labels, torch.float32)
        found = by_plan(network, matched, batch, labels)
        ratios.append(gradient_gap(found, exact) / gradient_gap(eager, exact))
        step(batch, labels)
    assert statistics.median(ratios) <= 1.1
