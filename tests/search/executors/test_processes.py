"""Worker processes change how fast a search is, and nothing else."""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from evonas.genomes.genet import GenetGenome

import evonas
from evonas.search.evaluation import Job
from evonas.search.executors.parcel import pack, unpack
from evonas.search.executors.processes import Place, ProcessExecutor
from evonas.task import Task
from evonas.training.function import FunctionEvaluator


@pytest.fixture(scope="module")
def lucky():
    """A fitness that workers need not import."""

    def evaluate(genome, rng):
        if rng.random() < 0.1:
            raise RuntimeError("bad luck")
        return rng.random() + len(str(genome))

    return evaluate


@pytest.mark.parametrize("look_ahead", [1, 5])
def test_any_number_of_workers_gives_the_same_history(search, lucky, look_ahead):
    expected = search(lucky, budget=25, look_ahead=look_ahead)
    assert {row["status"] for row in expected} == {"done", "failed"}
    assert search(lucky, budget=25, look_ahead=look_ahead, workers=1) == expected
    kept_busy = "at most 1 of 3 workers are busy" if look_ahead == 1 else "workers will often be idle"
    with pytest.warns(RuntimeWarning, match=f"with a look-ahead of {look_ahead}, {kept_busy}: 6 or more"):
        assert search(lucky, budget=25, look_ahead=look_ahead, workers=3) == expected


@pytest.mark.timeout(600)
def test_trained_histories_are_the_same_with_workers(tiny, expected, history, tmp_path):
    """In a run folder, begun without workers and resumed with them."""
    evonas.evolve(**{**tiny, "budget": 3}, run=tmp_path / "run")
    assert history(evonas.resume(tmp_path / "run", budget=6, workers=2)) == expected
    assert evonas.load(tmp_path / "run").best.weights()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("inherit", "where"),
    [
        ("pool", {"devices": "cpu"}),
        pytest.param("pool", {"workers": 1}, marks=pytest.mark.slow),
        pytest.param("match", {"devices": "cpu"}, marks=pytest.mark.slow),
    ],
)
def test_trained_histories_in_memory_are_the_same(tiny, history, inherit, where):
    """In one worker process, however it is asked for; the other pairs are among the slow tests.

    The kernels that they are trained by are compiled here, and found by the worker.
    """
    genome = {**tiny["config"]["genome"], "operations": ["identity", "max3x3", "conv1x1"]}
    tiny = {**tiny, "kernels": "planned", "budget": 4, "config": {**tiny["config"], "genome": genome}}
    expected = history(evonas.evolve(**tiny, inherit=inherit))
    assert {row["status"] for row in expected} == {"done"}
    assert any(row["inherited"] > 0 for row in expected)
    assert history(evonas.evolve(**tiny, inherit=inherit, **where)) == expected


def test_a_worker_is_started_once_and_only_if_needed(search):
    import collections

    counter = collections.Counter

    def process(genome, rng):
        return float(__import__("os").getpid())

    found = counter(row["fitness"] for row in search(process, budget=12, look_ahead=1, workers=1))
    assert len(found) == 1
    found = counter(row["fitness"] for row in search(process, budget=12, look_ahead=4, workers=2))
    assert len(found) == 2


def test_large_arrays_are_mapped_and_not_copied(tmp_path):
    images = np.arange(1 << 20, dtype=np.float64).reshape(1024, -1)
    tensor = torch.arange(1 << 20)
    small = np.arange(8)

    def evaluate(genome, rng):
        maps = Path("/proc/self/maps").read_text()
        return {
            "fitness": float(images.sum()) + int(tensor.sum()) + int(small.sum()),
            "mapped": len({line.split()[-1] for line in maps.splitlines() if line.endswith(".npy")}),
            "contiguous": images.flags["C_CONTIGUOUS"],
        }

    packed = pack(evaluate, "evaluate", tmp_path)
    assert len(packed) < 5000
    assert len(list(tmp_path.glob("*.npy"))) == 2
    if Path("/proc/self/maps").exists():
        assert unpack(packed)(None, None) == {
            "fitness": 2.0 * sum(range(1 << 20)) + 28,
            "mapped": 2,
            "contiguous": True,
        }


def test_files_with_genomes_are_run_again_in_workers(search, lucky, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from evonas.genomes.genet import GenetGenome\nfrom evonas.operator import mutation\n"
        "class HomeMade(GenetGenome):\n    name = 'home-made'\n"
        "    def twice(self):\n        return 2 * sum(self)\n"
        "@mutation('home-made')\ndef flip(genome, rng):\n"
        "    place = rng.randrange(len(genome))\n    genome[place] = 1 - genome[place]\n    return genome\n"
    )

    def evaluate(genome, rng):
        return genome.twice() + rng.random()

    choices = {"genome": "home-made", "operators": path, "strategy": "aging"}
    expected = search(evaluate, **choices)
    assert {row["status"] for row in expected} == {"done"}
    assert search(evaluate, **choices, workers=1) == expected


def test_results_are_told_as_they_come(tmp_path):
    """Candidate 0 takes longer than all others together, and nobody waits for it."""
    os_, time_ = os, time
    done = tmp_path / "done"

    def evaluate(genome, rng):
        while genome.number == 0 and not os_.path.exists(done):
            time_.sleep(0.05)
        if genome.number == 8:
            open(done, "w").close()
        return rng.random()

    told = []
    choices = {"evaluate": evaluate, "needs": "genome", "budget": 10, "population": 3, "sample": 2}
    result = evonas.evolve(
        **choices, asynchronous=True, workers=2, run=tmp_path / "run", watch=lambda c: told.append(c.number)
    )
    assert sorted(told) == list(range(10))
    assert told.index(0) >= 8
    heard = [number for number, event in result.journal.events() if hasattr(event, "status")]
    assert heard == told
    before = list(result.history)
    more = evonas.resume(tmp_path / "run", evaluate=evaluate, needs="genome", budget=14, workers=2)
    assert len(more.history) == 14
    assert list(more.history)[:10] == before


def test_executors_wait_for_whatever_ends_first(tmp_path):
    time_ = time

    def evaluate(genome, rng):
        time_.sleep(1 if genome.number == 0 else 0)
        return 1.0

    evaluator = FunctionEvaluator(evaluate, "genome", Task(1, 1, 1, 2))
    with ProcessExecutor(evaluator, [Place(), Place()]) as executor:
        for number in range(3):
            genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
            genome.number = number
            executor.submit(Job(number, genome, 0))
        order = []
        for _ in range(3):
            order.append(executor.next_ended())
            assert executor.result(order[-1]).fitness == 1.0
        folder = executor.folder
    assert sorted(order) == [0, 1, 2]
    assert not folder.exists()


# -- scripts ---------------------------------------------------------------------------------------

SCRIPT = """
import evonas
print("main", flush=True)
FACTOR = 2

def evaluate(genome, rng):
    return FACTOR * rng.random()

class Mine(evonas.genomes.genet.GenetGenome):
    name = "mine"

@evonas.operator.mutation("mine")
def flip(genome, rng):
    genome[0] = 1 - genome[0]
    return genome

choices = dict(evaluate=evaluate, needs="genome", budget=6, operators=flip, strategy="aging")
histories = [evonas.evolve(Mine, **choices, workers=workers).history for workers in (0, 2)]
rows = [[(row["id"], row["parents"], row["fitness"]) for row in history] for history in histories]
assert rows[0] == rows[1]
print("end")
"""


def test_a_script_needs_no_guard_and_may_define_what_it_evolves(script):
    text = "import evonas.genomes.genet, evonas.operator\n" + SCRIPT
    out, err = script(text).communicate(timeout=120)
    assert out.splitlines() == ["main", "end"], err
    assert not err


ENDLESS = """
import os, time, evonas, warnings
def evaluate(genome, rng):
    os.write(1, b"process %d\\n" % os.getpid())  # at once, and not between another's words
    time.sleep(600)
evonas.evolve(evaluate=evaluate, needs="genome", budget=4, population=2, sample=2, workers=2)
"""


def gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{number}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGKILL]
)
def test_no_process_outlives_the_search(script, number, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    process = script(ENDLESS)
    workers = []
    while len(workers) < 2:
        word, _, rest = process.stdout.readline().partition(" ")
        assert word
        if word == "process":
            workers.append(int(rest))
    assert any(scratch.iterdir())
    process.send_signal(number)
    process.wait(60)
    while not all(gone(worker) for worker in workers):
        time.sleep(0.05)
    while any(scratch.iterdir()):
        time.sleep(0.05)
