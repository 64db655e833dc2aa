import random

import numpy as np
import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.architecture.architecture import Architecture
from evonas.errors import UserError
from evonas.evolution.candidate import DONE, FAILED, Result
from evonas.network.network import weights_of
from evonas.run.weights import WeightsError
from evonas.search.evaluation import Evaluator, Job, Parent, reason_of
from evonas.seeds import Stream, derive
from evonas.task import Task
from evonas.training.function import FunctionEvaluator

TASK = Task(3, 8, 8, 4)


@pytest.fixture
def job(genome):
    genome.number = 5
    return Job(5, genome, seed=11)


def evaluated(returned, job, needs="genome"):
    """The result of a function that returns something, or raises it."""

    def function(thing, rng):
        if isinstance(returned, BaseException):
            raise returned
        return returned

    return FunctionEvaluator(function, needs, TASK).run(job)


# -- what a function may return --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "fitness"),
    [
        (0.5, 0.5),
        (3, 3.0),
        (-1e300, -1e300),
        (np.float32(0.25), 0.25),
        (np.array(0.25), 0.25),
        (torch.tensor(0.75), 0.75),
        (torch.tensor([0.75]), 0.75),
        ({"fitness": 2}, 2.0),
    ],
)
def test_a_number_is_a_fitness(job, returned, fitness):
    result = evaluated(returned, job)
    assert (result.status, result.fitness, result.reason) == (DONE, fitness, "")
    assert type(result.fitness) is float
    assert result.seconds > 0


def test_a_dict_has_metrics_besides(job):
    result = evaluated({"loss": np.float64(0.5), "fitness": 0.75, "size": 12}, job)
    assert (result.fitness, result.metrics) == (0.75, {"loss": 0.5, "size": 12.0})
    assert all(type(value) is float for value in result.metrics.values())


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (float("nan"), "the fitness was nan, not a finite number"),
        (float("inf"), "the fitness was inf, not a finite number"),
        ({"fitness": -float("inf")}, "the fitness was -inf, not a finite number"),
        (torch.tensor(float("nan")), "the fitness was nan, not a finite number"),
        (None, "evaluate: expected a number or a dict with 'fitness', got None"),
        ("0.9", "evaluate: expected a number or a dict with 'fitness', got '0.9'"),
        (b"0.9", "evaluate: expected a number or a dict with 'fitness', got b'0.9'"),
        ([0.5, 0.6], "evaluate: expected a number or a dict with 'fitness', got [0.5, 0.6]"),
        (1j, "evaluate: expected a number or a dict with 'fitness', got 1j"),
        (10**400, "evaluate: expected a number or a dict with 'fitness', got 1000000000"),
        (np.zeros(2), "evaluate: expected a number or a dict with 'fitness', got array([0., 0.])"),
        (torch.zeros(2), "evaluate: expected a number or a dict with 'fitness', got tensor([0., 0.])"),
        ({}, "evaluate: expected a number or a dict with 'fitness', got {}"),
        ({"accuracy": 0.5}, "evaluate: expected a number or a dict with 'fitness', got {'accuracy': 0.5}"),
        ({"fitness": "high"}, "evaluate: expected a number as 'fitness', got 'high'"),
        ({"fitness": 0.5, "loss": [1, 2]}, "evaluate: expected a number as 'loss', got [1, 2]"),
        (ValueError("the network has no head\nat all"), "ValueError: the network has no head"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (KeyError("loss"), "KeyError: 'loss'"),
        (RuntimeError(), "RuntimeError"),
        (UserError("images: too small"), "images: too small"),
        (SystemExit(3), "SystemExit: the evaluation wanted to end the process"),
        (MemoryError(), "out of memory"),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 14 GiB"),
            "out of memory: CUDA out of memory. Tried",
        ),
        (
            RecursionError("maximum recursion depth exceeded"),
            "RecursionError: maximum recursion depth exceeded",
        ),
    ],
    ids=repr,
)
def test_anything_else_is_a_failure_with_its_reason(job, returned, reason):
    result = evaluated(returned, job)
    assert (result.status, result.fitness, result.weights) == (FAILED, None, None)
    assert result.reason.startswith(reason)
    assert "\n" not in result.reason
    assert len(result.reason) < 400
    assert result.seconds > 0


def test_a_user_who_stops_it_is_no_failure(job):
    with pytest.raises(KeyboardInterrupt):
        evaluated(KeyboardInterrupt(), job)


def test_a_long_reason_is_cut():
    assert len(reason_of(ValueError("x" * 10_000))) < 400


def test_missing_weights_of_the_parent_are_not_the_childs_fault(genome, job):
    def gone():
        raise WeightsError("weights 3.safetensors: cannot be read")

    child = Job(6, genome, 0, Parent(genome, 1.0, gone))
    with pytest.raises(WeightsError):
        FunctionEvaluator(lambda network, rng: 0.5, "network", TASK).run(child)


# -- what a function is given ----------------------------------------------------------------------


def test_needs_are_checked():
    with pytest.raises(UserError, match="needs: expected genome, architecture, network, got 'weights'"):
        FunctionEvaluator(lambda thing, rng: 0.5, "weights", TASK)


def test_a_genome_is_all_that_is_made(job, monkeypatch):
    monkeypatch.setattr(AmoebaGenome, "decode", lambda *_: pytest.fail("decoded"))
    before = str(job.genome)

    def function(genome, rng):
        assert isinstance(genome, AmoebaGenome)
        assert genome == job.genome
        genome.normal.set_element(0, 0, ("identity", 0))
        genome.normal.set_element(0, 1, ("identity", 0))
        return 1.0

    result = FunctionEvaluator(function, "genome", TASK).run(job)
    assert result.fitness == 1.0
    assert (result.parameters, result.flops, result.weights) == (None, None, None)
    assert str(job.genome) == before, "what the function does to its genome stays there"


def test_an_architecture_and_its_cost(job, monkeypatch):
    monkeypatch.setattr("evonas.network.build", lambda *_: pytest.fail("built"))
    expected = job.genome.decode(TASK)
    seen = []
    result = FunctionEvaluator(lambda thing, rng: seen.append(thing) or 0.5, "architecture", TASK).run(job)
    assert isinstance(seen[0], Architecture)
    assert seen[0].shape(seen[0].output) == (4,)
    assert (result.parameters, result.flops) == (expected.parameter_count(), expected.flops())
    assert result.weights is None


def test_a_network_and_what_became_of_it(job):
    def function(network, rng):
        assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 4)
        with torch.no_grad():
            network.get_parameter("classifier.weight").fill_(3)
        return {"fitness": 0.5, "loss": 2.0}

    result = FunctionEvaluator(function, "network", TASK).run(job)
    assert (result.weights["classifier.weight"] == 3).all()
    assert result.parameters == job.genome.decode(TASK).parameter_count()
    assert (result.inherited, result.lineage_epochs, result.metrics) == (0, 0, {"loss": 2.0})


def test_a_child_starts_with_its_parents_weights(job, genome):
    parent = FunctionEvaluator(_filled(2), "network", TASK).run(job)
    child = Job(6, genome, 0, Parent(job.genome, 4.0, lambda: parent.weights))
    seen = {}

    def function(network, rng):
        seen.update(weights_of(network))
        return 0.5

    result = FunctionEvaluator(function, "network", TASK).run(child)
    assert (seen["classifier.weight"] == 2).all()
    assert (result.inherited, result.lineage_epochs) == (1.0, 4.0)
    result = FunctionEvaluator(function, "network", TASK, inherit="none").run(child)
    assert not (seen["classifier.weight"] == 2).all()
    assert (result.inherited, result.lineage_epochs) == (0, 0)
    orphan = Job(6, genome, 0, Parent(job.genome, 4.0, lambda: None))
    assert FunctionEvaluator(function, "network", TASK).run(orphan).inherited == 0


def _filled(value):
    def function(network, rng):
        with torch.no_grad():
            network.get_parameter("classifier.weight").fill_(value)
        return 0.5

    return function


def test_weights_that_are_not_numbers_are_a_failure(job):
    result = FunctionEvaluator(_filled(float("nan")), "network", TASK).run(job)
    assert (result.status, result.fitness, result.weights) == (FAILED, None, None)
    assert result.reason == "training diverged: classifier.weight is NaN"
    assert result.parameters > 0


def test_randomness_comes_from_the_seed_and_the_number_alone(genome):
    def draw(genome, rng):
        return rng.random()

    def fitness(number, seed):
        random.seed(number)
        return FunctionEvaluator(draw, "genome", TASK).run(Job(number, genome, seed)).fitness

    found = {(number, seed): fitness(number, seed) for number in range(3) for seed in range(3)}
    assert len(set(found.values())) == 9
    assert all(fitness(*key) == value for key, value in found.items())
    assert fitness(1, 2) == random.Random(derive(2, 1, Stream.EVALUATION)).random()


def test_any_evaluator_is_timed_and_checked(job):
    class Odd(Evaluator):
        def evaluate(self, job):
            return Result(DONE, None)

    result = Odd().run(job)
    assert (result.status, result.reason) == (FAILED, "the fitness was None, not a finite number")


def test_an_image_too_small_for_the_space_is_the_tasks_fault():
    genome = AmoebaGenome.random(AmoebaSpace(stages=4), random.Random(0))
    result = FunctionEvaluator(lambda thing, rng: 0.5, "architecture", Task(1, 4, 4, 2)).run(
        Job(0, genome, 0)
    )
    assert result.status == FAILED
    assert "need at least 8×8 pixels, got 4×4" in result.reason
