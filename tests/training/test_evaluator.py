import numpy as np
import pytest
import torch

from evonas.data import Split, Statistics
from evonas.evolution.candidate import DONE, FAILED
from evonas.network.network import build
from evonas.search.evaluation import Job, Parent
from evonas.task import Task
from evonas.training.device import Compute
from evonas.training.evaluator import TrainingEvaluator
from evonas.training.plan import Plan

TASK = Task(3, 8, 8, 3)


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = (rng.integers(0, 120, (90, 8, 8, 3)) + 60 * y[:, None, None, None]).astype(np.uint8)
    return Split(x[:60], y[:60], x[60:], y[60:], "")


@pytest.fixture
def evaluator(split):
    def make(inherit="match", threads=1, **plan):
        plan = Plan(**{"epochs": 2, "batch_size": 20, "learning_rate": 0.05, **plan})
        statistics = Statistics((120.0,) * 3, (60.0,) * 3)
        return TrainingEvaluator(split, statistics, TASK, plan, Compute(threads=threads), True, inherit)

    return make


@pytest.fixture
def job(genome):
    return Job(3, genome, seed=1)


def test_fitness_is_the_accuracy_on_the_validation_images(evaluator, job, split):
    made = evaluator()
    result = made.run(job)
    assert (result.status, result.reason) == (DONE, "")
    network = build(job.genome.decode(TASK), weights=result.weights).eval()
    x = (torch.from_numpy(split.x_val).permute(0, 3, 1, 2).float() - 120) / 60
    with torch.inference_mode():
        guessed = network(x).argmax(1).numpy()
    assert result.fitness == pytest.approx((guessed == split.y_val).mean(), abs=1 / 30)
    assert result.metrics["training_images"] == 2 * 60
    assert 0 < result.metrics["training_seconds"] < result.seconds
    assert [accuracy for _, accuracy in result.curve] == [None, None]
    assert (result.inherited, result.lineage_epochs) == (0, 2)
    assert "accuracy_before" not in result.metrics


def test_a_seed_means_the_same_result(evaluator, job, genome):
    def told(result):
        return {k: v for k, v in result.metrics.items() if "seconds" not in k}, result.fitness, result.curve

    first, second, other = evaluator().run(job), evaluator().run(job), evaluator().run(Job(4, genome, seed=1))
    assert told(first) == told(second) != told(other)
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_a_child_goes_on_where_its_parent_was(evaluator, job, genome):
    made = evaluator()
    parent = made.run(job)
    twin = Job(4, genome.clone(), 1, Parent(genome, parent.lineage_epochs, lambda: parent.weights))
    child = made.run(twin)
    assert (child.inherited, child.lineage_epochs) == (1.0, 4)
    assert child.metrics["accuracy_before"] == parent.fitness
    scratch = evaluator(inherit="none").run(twin)
    assert (scratch.inherited, scratch.lineage_epochs) == (0, 2)
    assert "accuracy_before" not in scratch.metrics


def test_divergence_is_a_failure_with_its_reason(evaluator, job):
    result = evaluator(learning_rate=1e30, gradient_clip=0.0).run(job)
    assert (result.status, result.fitness, result.weights) == (FAILED, None, None)
    assert result.reason.startswith("DivergenceError: the training loss was ")


def test_a_genome_may_change_its_training(evaluator, job, monkeypatch):
    monkeypatch.setattr(type(job.genome), "training", lambda self: {"epochs": 3}, raising=False)
    result = evaluator().run(job)
    assert (len(result.curve), result.lineage_epochs) == (3, 3)
    monkeypatch.setattr(type(job.genome), "training", lambda self: {"epoch": 3})
    assert "training setting 'epoch' is unknown" in evaluator().run(job).reason


def test_threads_are_those_of_the_run(evaluator, job):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        evaluator(threads=1, epochs=1).run(job)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
