"""Several candidates at a time in one process of a device; the CPU stands for it."""

import ctypes
import os
import random
import signal
import sys
import time
from pathlib import Path

import cloudpickle
import pytest
from evonas.genomes.genet import GenetGenome

import evonas
from evonas.errors import UserError
from evonas.evolution.candidate import DONE, Result
from evonas.search.evaluation import Evaluator, Job
from evonas.search.executors.processes import Place, ProcessExecutor
from evonas.training.room import Room

PACKED = {"devices": "cpu", "per_device": 2}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "memory",
    [
        pytest.param(None, id="as many as may"),
        pytest.param(1, id="one at a time", marks=pytest.mark.slow),  # below, without trainings
    ],
)
def test_the_history_is_that_of_one_process(tiny, history, expected, memory):
    found = evonas.evolve(**tiny, **PACKED, device_memory=memory, look_ahead=4)
    assert history(found) == expected
    (session,) = found.journal.meta()["usage"]
    assert [slot["candidates"] for slot in session["slots"]] == [6]


class Busy(Evaluator):
    """Notes who runs beside whom, and goes wrong in the way that a candidate's number says.

    Args:
        folder: For the notes.
        trouble: By candidate.
        memory: That each is expected to take.
    """

    packs = True

    def __init__(self, folder, trouble=None, memory=0):
        self.folder, self.trouble, self.memory = folder, trouble or {}, memory
        self.room = None

    def sharing(self, memory, let_in):
        self.room = Room(memory, let_in)
        return self

    def evaluate(self, job):
        with self.room.taken(self.memory):
            mine = Path(self.folder, f"{job.number}-{time.monotonic_ns()}")
            running = mine.with_suffix(".on")
            running.touch()
            others = {path.name for path in Path(self.folder).glob("*.on")} - {running.name}
            beside = sorted(name.split("-")[0] for name in others)
            mine.write_text(" ".join([str(os.getpid()), *beside]))
            try:
                self.go_wrong(self.trouble.get(job.number), job.number)
                time.sleep(0.15)
            finally:
                running.unlink(missing_ok=True)
        return Result(DONE, float(job.number))

    def go_wrong(self, kind, number):
        once = Path(self.folder, f"once{number}")
        if kind and kind.endswith("once"):
            if once.exists():
                return
            once.touch()
            kind = kind.split()[0]
        waited = Path(self.folder, f"waited{number}")
        if kind in ("kill", "segfault", "cuda") and not waited.exists():
            while len(list(Path(self.folder).glob("*.on"))) < 2:  # until another is there, too
                time.sleep(0.01)
            waited.touch()
        if kind == "three":
            while len([path for path in Path(self.folder).glob("*-*") if not path.suffix]) < 3:
                time.sleep(0.01)
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "segfault":
            ctypes.string_at(0)
        if kind == "cuda":
            raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with")
        if kind == "memory":
            raise MemoryError("no room for 7 numbers")
        if kind == "hang":
            time.sleep(600)
        if kind == "raise":
            raise ValueError("what is this?")


def runs(folder):
    """By candidate: for each time that it was begun, its process and who was there."""
    found = {}
    for path in sorted(Path(folder).glob("*-*")):
        if path.suffix == "":
            process, *beside = path.read_text().split()
            found.setdefault(int(path.name.split("-")[0]), []).append(
                (int(process), [int(n) for n in beside])
            )
    return found


@pytest.fixture
def pack(tmp_path):
    """Evaluates candidates 0 to 5, packed, and gives the results and what ran."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import tests

    def run(trouble=None, capacity=2, timeout=None, memory=(None, 0), places=1, count=6):
        limit, each = memory
        evaluator = Busy(str(tmp_path), trouble, each)
        with ProcessExecutor(evaluator, [Place("cpu", capacity, limit)] * places, timeout) as executor:
            genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
            for number in range(count):
                executor.submit(Job(number, genome, 0))
            results = []
            for number in range(count):
                results.append(executor.result(number))
            usage = executor.usage()
        assert not executor.folder.exists()
        assert sum(slot.candidates for slot in usage.slots) >= count
        return results, runs(tmp_path)

    return run


def test_as_many_run_side_by_side_as_may_and_fit(pack):
    results, ran = pack(dict.fromkeys(range(3), "three"), capacity=3)  # until all three have begun
    assert [result.fitness for result in results] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert len({process for times in ran.values() for process, _ in times}) == 1
    assert max(len(beside) for times in ran.values() for _, beside in times) == 2
    assert all("waited_seconds" in result.metrics for result in results)


def test_memory_keeps_them_apart(pack):
    results, ran = pack(capacity=3, memory=(300 << 20, 200 << 20))
    assert all(result.status == "done" for result in results)
    assert all(beside == [] for times in ran.values() for _, beside in times)


def test_two_devices_have_a_process_each(pack):
    _, ran = pack(places=2)
    assert len({process for times in ran.values() for process, _ in times}) == 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param(
            "kill",
            "the worker process was killed (SIGKILL), as the system does when memory runs out; so did",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "segfault",
            "the worker process crashed: segmentation fault (SIGSEGV) in compiled code; so did",
            marks=pytest.mark.slow,
        ),
        (  # the others are quick tests where a process has one candidate at a time
            "cuda",
            "the worker process had to be ended: RuntimeError: CUDA error: an illegal memory access was "
            "encountered; so did another that tried it",
        ),
    ],
)
def test_what_ends_the_process_costs_one_candidate(pack, kind, reason):
    results, ran = pack({0: "hang once", 1: kind})
    assert [result.status for result in results] == ["done", "failed", *["done"] * 4]
    assert results[1].reason.startswith(reason)
    assert len(ran[1]) == 2
    assert len(ran[0]) == 2  # it ran beside it, and runs again
    assert all(len(ran[number]) == 1 for number in (3, 4, 5))


def test_one_that_takes_too_long_fails_and_the_others_run_again(pack):
    results, ran = pack({1: "hang"}, timeout=2.0)
    assert [result.status for result in results] == ["done", "failed", *["done"] * 4]
    assert results[1].reason == "out of time after 2 s: ended, with all that it had started"
    assert len(ran[1]) == 1
    assert all(len(times) <= 2 for times in ran.values())


def test_what_raises_leaves_the_process_alone(pack):
    results, ran = pack({1: "raise"})
    assert results[1].reason == "ValueError: what is this?"
    assert len({process for times in ran.values() for process, _ in times}) == 1


class Deadly(Busy):
    """Kills the process that it comes to."""

    def __getstate__(self):
        return {"processes": self.folder}

    def __setstate__(self, state):
        with open(f"{state['processes']}/started", "a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_never_begins_is_started_three_times(tmp_path):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    with ProcessExecutor(Deadly(str(tmp_path)), [Place("cpu", 3)]) as executor:
        for number in range(4):
            executor.submit(Job(number, genome, 0))
        with pytest.raises(UserError, match="workers: 3 worker processes in a row died before they began"):
            executor.result(0)
    assert (tmp_path / "started").read_text() == "xxx"


def test_want_of_memory_is_tried_again_with_nothing_else_there(pack):
    results, ran = pack({1: "memory once", 3: "memory"}, capacity=3)
    assert [result.status for result in results] == ["done"] * 3 + ["failed"] + ["done"] * 2
    assert results[3].reason == (
        "out of memory: no room for 7 numbers (tried twice, the second time with nothing else beside it)"
    )
    assert ran[1][1][1] == ran[3][1][1] == []
    assert len({process for times in ran.values() for process, _ in times}) == 1


def test_separate_workers_of_a_machine_wait_for_one_that_is_to_be_alone(search, tmp_path):
    folder, modules = str(tmp_path), (os, time)

    def evaluate(genome, rng):
        os, time = modules
        running = f"{folder}/{genome.number}.on"
        open(running, "w").close()
        beside = {name for name in os.listdir(folder) if name.endswith(".on")} - {f"{genome.number}.on"}
        with open(f"{folder}/{genome.number}-{time.monotonic_ns()}", "w") as file:
            file.write(" ".join(["1", *(name.split(".")[0] for name in beside)]))
        while len([name for name in os.listdir(folder) if name[1:2] == "-"]) < 2:
            time.sleep(0.01)  # until the other worker has begun, too
        time.sleep(0.2)
        os.unlink(running)
        if genome.number == 2:
            raise MemoryError
        return 1.0

    found = search(evaluate, budget=8, population=8, workers=2, look_ahead=8)
    assert [row["status"] for row in found] == ["done"] * 2 + ["failed"] + ["done"] * 5
    assert found[2]["reason"] == "out of memory (tried twice, the second time with nothing else beside it)"
    ran = runs(tmp_path)
    assert len(ran[2]) == 2
    assert ran[2][1][1] == []
    assert max(len(beside) for times in ran.values() for _, beside in times) == 1
