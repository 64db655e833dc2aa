"""Enough: no candidate begins any more, and those that have begun end."""

import os
import random
import time

import pytest
from evonas.genomes.genet import GenetGenome

from evonas.search.evaluation import Job
from evonas.search.executors import SerialExecutor
from evonas.search.executors.processes import Place, ProcessExecutor
from evonas.task import Task
from evonas.training.function import FunctionEvaluator


def job(number):
    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    genome.number = number
    return Job(number, genome, 0)


@pytest.fixture
def patient(tmp_path):
    """A fitness that waits until it may end; what has begun leaves a mark."""
    folder, modules = str(tmp_path), (os, time)

    def evaluate(genome, rng):
        os, time = modules
        with open(f"{folder}/{genome.number}.begun", "a") as file:
            file.write("x")
        while not os.path.exists(f"{folder}/go"):
            time.sleep(0.01)
        if genome.number == 1 and os.path.getsize(f"{folder}/1.begun") == 1:
            os.kill(os.getpid(), 9)
        return float(genome.number)

    return FunctionEvaluator(evaluate, "genome", Task(1, 1, 1, 2))


def begun(folder):
    return sorted(path.stem for path in folder.glob("*.begun"))


@pytest.mark.parametrize("places", [[Place(), Place()], [Place("cpu", 2)]], ids=["two", "packed"])
def test_what_has_begun_ends_and_nothing_else_begins(patient, tmp_path, places):
    with ProcessExecutor(patient, places) as executor:
        for number in range(5):
            executor.submit(job(number))
        while len(begun(tmp_path)) < 2:
            time.sleep(0.01)
        executor.enough = lambda: True
        (tmp_path / "go").touch()
        assert executor.begun() == {0, 1}
        # Candidate 1 kills its first worker: it has begun, and is begun anew.
        assert [executor.result(number).fitness for number in range(2)] == [0.0, 1.0]
        assert executor.begun() == set()
    assert begun(tmp_path) == ["0", "1"]


def test_without_workers_it_is_the_one_that_is_evaluated():
    seen = []

    def evaluate(genome, rng):
        seen.append(set(executor.begun()))
        if genome.number == 1:
            raise KeyboardInterrupt
        return 1.0

    executor = SerialExecutor(FunctionEvaluator(evaluate, "genome", Task(1, 1, 1, 2)))
    for number in range(2):
        executor.submit(job(number))
    assert executor.result(0).fitness == 1.0
    assert executor.begun() == set()
    with pytest.raises(KeyboardInterrupt):
        executor.result(1)
    assert executor.begun() == seen[1] == {1}
