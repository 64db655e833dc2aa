"""What a candidate does to its worker costs that candidate, and the reason is one for people."""

import ctypes
import os
import random
import signal
import sys
import time

import pytest
from evonas.genomes.genet import GenetGenome

from evonas.evaluation import FunctionEvaluator, Job
from evonas.executors.processes import Place, ProcessExecutor
from evonas.task import Task

TROUBLE = {
    1: "kill",
    2: "segfault",
    3: "hang",
    4: "nan",
    5: "raise",
    6: "memory",
    8: "exit",
    9: "leave",
    10: "kill once",
}
REASONS = {
    1: "the worker process was killed (SIGKILL), as the system does when memory runs out; so did another",
    2: "the worker process crashed: segmentation fault (SIGSEGV) in compiled code; so did another",
    3: "no result within 4 s (timeout)",
    4: "the fitness was nan, not a finite number",
    5: "ZeroDivisionError: division by zero",
    6: "out of memory",
    8: "the worker process ended by itself with exit status 3; so did another",
    9: "SystemExit: the evaluation wanted to end the process",
}


def troubled(trouble, folder, marker):
    """A fitness that goes wrong in the way that its candidate's number says."""
    modules = os, signal, time, ctypes, sys

    def evaluate(genome, rng):
        os, signal, time, ctypes, sys = modules
        kind = trouble.get(genome.number)
        if kind == "kill once" and not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "segfault":
            ctypes.string_at(0)
        if kind == "hang":
            while True:
                time.sleep(1)
        if kind == "nan":
            return float("nan")
        if kind == "raise":
            return 1 / 0
        if kind == "memory":
            return len(bytearray(1 << 62))
        if kind == "exit":
            os._exit(3)
        if kind == "leave":
            sys.exit("enough")
        with open(f"{folder}/{genome.number}.txt", "a") as file:
            file.write(f"{os.getpid()}\n")
        return rng.random()

    return evaluate


@pytest.mark.timeout(600)
def test_every_failure_costs_one_candidate_and_says_why(search, tmp_path):
    evaluate = troubled(TROUBLE, tmp_path, str(tmp_path / "marker"))
    found = search(evaluate, budget=16, population=16, workers=2, timeout=4.0)
    assert [row["id"] for row in found] == list(range(16))
    failed = {row["id"]: row["reason"] for row in found if row["status"] == "failed"}
    assert failed.keys() == REASONS.keys()
    for number, reason in REASONS.items():
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
            time.sleep(0.5)
    assert len(set(processes)) == 3


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
