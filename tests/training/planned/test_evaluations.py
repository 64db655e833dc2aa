"""Candidates that are trained on a plan: what an evaluation gives, and what it takes."""

import random
import threading
import tracemalloc

import numpy as np
import pytest
import torch
from evonas.genomes.nasbench201 import NasBench201Genome
from planned_networks import PLANNED, SMALL, decoded

from evonas.architecture import Ceilings
from evonas.data import Split, Statistics
from evonas.search.evaluation import Job, Parent
from evonas.task import Task
from evonas.training import Compute, FinalTraining, Normalisation, Plan, TrainingEvaluator
from evonas.training.planned import match, plan_step

TASK = Task(3, 8, 8, 3)


@pytest.fixture
def evaluator():
    generator = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = (generator.integers(0, 120, (90, 8, 8, 3)) + 60 * y[:, None, None, None]).astype(np.uint8)
    split, statistics = Split(x[:60], y[:60], x[60:], y[60:], ""), Statistics((120.0,) * 3, (60.0,) * 3)

    def make(compute=PLANNED, inherit="match", **plan):
        plan = Plan(**{"epochs": 2, "batch_size": 20, "learning_rate": 0.05, **plan})
        return TrainingEvaluator(split, statistics, TASK, plan, compute, True, inherit)

    return make


def job(number=3, seed=1, parent=None, **choices):
    space = NasBench201Genome.space_type.from_dict(SMALL["nasbench201"] | choices).for_task(TASK)
    return Job(number, NasBench201Genome.random(space, random.Random(seed)), 1, parent)


def test_divergence_is_a_failure_with_its_reason(evaluator):
    result = evaluator(learning_rate=1e30, gradient_clip=0.0).run(job())
    assert result.reason.startswith("DivergenceError: the training loss was ")


def test_a_child_goes_on_where_its_parent_was(evaluator):
    made, first = evaluator(carry_momentum=True), job()
    parent = made.run(first)
    child = made.run(job(4, 1, Parent(first.genome, parent.lineage_epochs, lambda: parent.weights)))
    assert (child.inherited, child.lineage_epochs) == (1.0, 4)
    assert child.metrics["accuracy_before"] == parent.fitness


def test_candidates_in_threads_are_those_that_run_alone(evaluator):
    expected = [evaluator().run(job(seed=seed)) for seed in range(4)]
    made, found = evaluator(), {}
    threads = [
        threading.Thread(target=lambda seed=seed: found.update({seed: made.run(job(seed=seed))}))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, one in enumerate(expected):
        assert (found[seed].reason, found[seed].fitness) == ("", one.fitness)
        assert all(torch.equal(found[seed].weights[name], tensor) for name, tensor in one.weights.items())


def test_an_evaluation_comes_to_what_pytorch_comes_to(evaluator):
    choices = {"epochs": 1, "label_smoothing": 0.1, "repeats": 2, "drop_path": 0.2, "batch_size": 30}
    found = evaluator(**choices).run(job())
    eager = evaluator(Compute(), **choices).run(job())
    assert found.metrics["loss"] == pytest.approx(eager.metrics["loss"], rel=1e-3)
    assert found.curve[0][0] == pytest.approx(eager.curve[0][0], rel=1e-3)
    assert (found.parameters, found.flops) == (eager.parameters, eager.flops)
    assert found.weights.keys() == eager.weights.keys()


def test_a_limit_of_memory_cuts_batches_into_parts(evaluator):
    whole = evaluator(batch_size=60)
    memory = whole.run(job()).metrics["memory"]
    whole.ceilings = Ceilings(memory=int(memory * 0.7))
    cut = whole.run(job())
    assert (cut.reason, cut.metrics["part"]) == ("", 30)
    assert cut.metrics["memory"] <= 0.7 * memory
    whole.ceilings = Ceilings(memory=1000)
    assert "rejected before training" in whole.run(job()).reason


def test_no_more_memory_is_taken_than_was_estimated(evaluator):
    """A child is evaluated before it is trained; what that took is gone by then."""
    made, first = evaluator(batch_size=60, epochs=1), job(filters=24)
    parent = made.run(first)
    child = job(4, 1, Parent(first.genome, 1.0, lambda: parent.weights), filters=24)
    made.run(child)  # by then all is imported and compiled
    tracemalloc.start()
    try:
        made.run(child)
        _, peak = tracemalloc.get_traced_memory()  # NumPy's, which arenas are, and Python's own
    finally:
        tracemalloc.stop()
    matched = match(child.genome.decode(TASK), steered=False)
    assert peak < 1.2 * plan_step(matched, 60).bytes


def test_a_final_training_comes_to_what_pytorch_comes_to():
    """With an auxiliary head and paths that are dropped."""
    generator = np.random.default_rng(0)
    x, y = generator.integers(0, 256, (40, 8, 8, 3)).astype(np.uint8), generator.integers(0, 3, 40)
    architecture = decoded("amoeba", TASK, combinations=1)
    node = next(name for name in architecture if architecture.shape(name)[1:] == (8, 8))
    plan = Plan(epochs=2, batch_size=16, learning_rate=0.01, auxiliary=0.4, drop_path=0.2)
    normalisation, trials = Normalisation((128.0,) * 3, (74.0,) * 3), []
    for compute in (Compute(), PLANNED):
        training = FinalTraining(architecture, node, TASK, plan, compute, x, y, normalisation, True, 1, 2)
        trials.append(training.here(lambda epoch: None))
    losses = [[point.loss for point in trial.curve] for trial in trials]
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert trials[0].weights.keys() == trials[1].weights.keys()
    for name, tensor in trials[0].weights.items():
        assert torch.allclose(trials[1].weights[name], tensor, rtol=1e-2, atol=1e-3), name
