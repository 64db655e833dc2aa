"""What a candidate does to its worker costs that candidate, and the reason is one for people."""

import multiprocessing
import os
import random
import signal
import time

import pytest
from evonas.genomes.genet import GenetGenome
from pebble import ProcessPool

from evonas.search.evaluation import Job
from evonas.search.executors.processes import Place, ProcessExecutor
from evonas.task import Task
from evonas.training.function import FunctionEvaluator


@pytest.mark.timeout(600)
def test_every_failure_costs_one_candidate_and_says_why(search, tmp_path, trouble):
    evaluate, reasons = trouble
    found = search(evaluate, budget=16, population=16, workers=2, timeout=2.0)
    assert [row["id"] for row in found] == list(range(16))
    failed = {row["id"]: row["reason"] for row in found if row["status"] == "failed"}
    assert failed.keys() == reasons.keys()
    for number, reason in reasons.items():
        assert failed[number].startswith(reason), (number, failed[number])
    assert (tmp_path / "marker").exists()  # and candidate 10 was tried again, and is done
    evaluated = {int(path.stem): path.read_text().split() for path in tmp_path.glob("*.txt")}
    assert evaluated.keys() == set(range(16)) - failed.keys()
    assert all(len(processes) == 1 for processes in evaluated.values())


def test_memory_that_torch_does_not_get(search):
    def evaluate(genome, rng):
        import torch

        return float(torch.empty(1 << 55, dtype=torch.uint8)[0])

    (found,) = search(evaluate, budget=1, population=1, workers=1)
    assert found["status"] == "failed"
    assert found["reason"].startswith("out of memory: [enforce fail at alloc_cpu.cpp")


def test_idle_workers_that_die_cost_nothing(tmp_path):
    os_ = os

    def process(genome, rng):
        return os_.getpid()

    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    evaluator = FunctionEvaluator(process, "genome", Task(1, 1, 1, 2))
    with ProcessExecutor(evaluator, [Place()]) as executor:
        processes = []
        for number in range(3):
            executor.submit(Job(number, genome, 0))
            result = executor.result(number)
            assert result.reason == ""
            processes.append(int(result.fitness))
            os.kill(processes[-1], signal.SIGKILL)
            time.sleep(0.2)
    assert len(set(processes)) == 3


@pytest.mark.parametrize("capacity", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_weights_of_a_worker_that_is_killed_are_removed(monkeypatch, capacity):
    monkeypatch.setenv("EVONAS_FAIL", "worker.lent=kill")
    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    evaluator = FunctionEvaluator(lambda network, rng: 1.0, "network", Task(1, 8, 8, 2))
    with ProcessExecutor(evaluator, [Place("cpu", capacity)]) as executor:
        executor.submit(Job(0, genome, 0))
        assert executor.result(0).reason.startswith("the worker process was killed (SIGKILL)")
        assert list(executor.folder.glob("result*")) == []


@pytest.mark.parametrize("capacity", [1, 2])
def test_an_interrupt_while_a_worker_starts_leaves_none_behind(monkeypatch, capacity):
    schedule = ProcessPool.schedule

    def interrupted(*words, **options):
        schedule(*words, **options)
        raise KeyboardInterrupt

    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    evaluator = FunctionEvaluator(lambda genome, rng: 1.0, "genome", Task(1, 1, 1, 2))
    before = set(multiprocessing.active_children())
    with ProcessExecutor(evaluator, [Place("cpu", capacity)]) as executor:
        monkeypatch.setattr(ProcessPool, "schedule", interrupted)
        with pytest.raises(KeyboardInterrupt):
            executor.submit(Job(0, genome, 0))
        assert len(set(multiprocessing.active_children()) - before) == 1
    assert set(multiprocessing.active_children()) == before


def test_a_worker_that_cannot_begin_says_why(search, monkeypatch, tmp_path):
    (tmp_path / "elsewhere.py").write_text("def evaluate(genome, rng):\n    return 1.0\n")
    with monkeypatch.context() as patched:
        patched.syspath_prepend(tmp_path)
        import elsewhere
    with pytest.raises(
        ValueError, match=r"workers: a worker process cannot begin: .*No module named 'elsewhere'"
    ):
        search(elsewhere.evaluate, workers=1)
    assert len(search(elsewhere.evaluate, workers=0)) == 6


def test_what_cannot_be_sent_is_refused(search, tmp_path):
    with (
        (tmp_path / "open").open("w") as file,
        pytest.raises(
            ValueError, match="evaluate: it cannot be sent to worker processes: .*without workers it runs"
        ),
    ):
        search(lambda genome, rng: file.write("x"), workers=2)


def test_workers_that_always_die_at_once_end_the_search(search, monkeypatch):
    killed = signal.SIGKILL, os

    class Deadly:
        def __call__(self, genome, rng):
            return 1.0

        def __setstate__(self, state):
            killed[1].kill(killed[1].getpid(), killed[0])

        def __getstate__(self):
            return {"a": 1}

    with pytest.raises(ValueError, match="workers: 3 worker processes in a row died before they began"):
        search(Deadly(), workers=1)
