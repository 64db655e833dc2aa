"""On Ray a search is what it is elsewhere, and what nodes do costs nothing."""

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from evonas.genomes.genet import GenetGenome

import evonas
from evonas.errors import UserError
from evonas.run.weights import FolderStore, WeightsError
from evonas.search.evaluation import Evaluator, Job, Parent
from evonas.search.executors.ray_cluster import Cluster
from evonas.task import Task
from evonas.training.function import FunctionEvaluator

pytestmark = pytest.mark.filterwarnings("ignore:with a look-ahead")


@pytest.fixture(scope="module")
def cluster():
    """An instance for all tests here, as a script may have started it: two cores, and a GPU by name."""
    import ray

    home = tempfile.mkdtemp(prefix="evonas-", dir="/tmp")  # a socket's path must be short
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    choices = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    ray.init(address="local", num_cpus=2, num_gpus=1, _temp_dir=home, **choices)
    yield ray
    ray.shutdown()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def lucky():
    """A fitness that workers need not import."""

    def evaluate(genome, rng):
        if rng.random() < 0.1:
            raise RuntimeError("bad luck")
        return rng.random() + len(str(genome))

    return evaluate


def executor(evaluator, device="cpu", threads=1, **choices):
    from evonas.search.executors.ray import RayExecutor

    return RayExecutor(evaluator, "local", device, threads, **choices)


def of_genomes(function):
    return FunctionEvaluator(function, "genome", Task(1, 1, 1, 2))


def job(number, parent=None):
    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    genome.number = number
    return Job(number, genome, 0, parent)


def test_the_same_history_and_files_of_ones_own(cluster, search, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from evonas.genomes.genet import GenetGenome\nfrom evonas.operator import mutation\n"
        "class HomeMade(GenetGenome):\n    name = 'home-made-for-ray'\n"
        "    def twice(self):\n        return 2 * sum(self)\n"
        "@mutation('home-made-for-ray')\ndef flip(genome, rng):\n"
        "    place = rng.randrange(len(genome))\n    genome[place] = 1 - genome[place]\n    return genome\n"
    )

    def evaluate(genome, rng):
        if rng.random() < 0.1:
            raise RuntimeError("bad luck")
        return genome.twice() + rng.random()

    choices = {"genome": "home-made-for-ray", "operators": path, "strategy": "aging", "budget": 20}
    expected = search(evaluate, **choices)
    assert {row["status"] for row in expected} == {"done", "failed"}
    there = path.read_bytes()

    def watch(candidate):
        path.unlink(missing_ok=True)  # as on another node, where it never was

    assert search(evaluate, **choices, ray="local", watch=watch) == expected
    path.write_bytes(there)
    assert cluster.is_initialized()  # for it was so before


@pytest.mark.slow  # histories and weights have quick tests of their own here
def test_trained_histories_are_the_same(cluster, tiny, expected, history, tmp_path):
    evonas.evolve(**{**tiny, "budget": 3}, run=tmp_path / "run")
    assert history(evonas.resume(tmp_path / "run", budget=6, ray="local", workers=1)) == expected
    assert evonas.load(tmp_path / "run").best.weights()


@pytest.mark.slow
@pytest.mark.parametrize("inherit", ["match", "pool"])
def test_trained_histories_in_memory_are_the_same(cluster, tiny, history, inherit):
    expected = history(evonas.evolve(**tiny, inherit=inherit))
    workers = 1 if inherit == "pool" else 2
    assert history(evonas.evolve(**tiny, inherit=inherit, ray="local", workers=workers)) == expected


def test_signals_are_heard_one_by_one_while_it_waits(cluster):
    """Each is sent when the one before was heard; Ray by itself hears one in a second."""
    heard, over = threading.Semaphore(1), threading.Event()
    count = 0

    def hear(number, frame):
        nonlocal count
        count += 1
        heard.release()

    def send():
        while heard.acquire() and not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    never = cluster.remote(lambda: time.sleep(600)).remote()
    before = signal.signal(signal.SIGINT, hear)
    sender = threading.Thread(target=send)
    try:
        sender.start()
        assert Cluster("local", 1).wait([never], 1, 1.0) == []
    finally:
        over.set()
        heard.release()
        sender.join()
        signal.signal(signal.SIGINT, before)
        cluster.cancel(never, force=True)
    assert count > 8


def test_shares_of_a_gpu(cluster):
    """Two evaluations are on the one GPU at a time: each waits for the other."""
    os_, time_ = os, time
    folder = tempfile.mkdtemp()

    def evaluate(genome, rng):
        open(f"{folder}/{genome.number}", "w").close()
        while len(os_.listdir(folder)) < 2:
            time_.sleep(0.02)
        return float(os_.environ["CUDA_VISIBLE_DEVICES"] == "0")

    with executor(of_genomes(evaluate), "cuda", per_device=2) as two:
        assert two.slots == 2
        for number in range(2):
            two.submit(job(number))
        assert [two.result(number).fitness for number in range(2)] == [1.0, 1.0]
    shutil.rmtree(folder)


def test_too_large_a_wish_is_refused(cluster, search):
    with pytest.raises(UserError, match="ray 'local': no node of the cluster has 64 free cores for a worker"):
        search(lambda genome, rng: 1.0, ray="local", threads=64)


class Summing(Evaluator):
    """Sums what the parent left, and waits to be ended at some candidates."""

    keeps_weights = True

    def evaluate(self, job):
        import time

        from evonas.evolution.candidate import DONE, Result

        if job.number == 7:
            time.sleep(600)
        total = sum(float(tensor.sum()) for tensor in job.parent.load_weights().values())
        return Result(DONE, total, weights={"a": torch.full((1000,), 2.0)})


@pytest.fixture
def summing():
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield Summing()
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_weights_as_files_and_as_bytes_and_damage(cluster, tmp_path, summing):
    store = FolderStore(tmp_path / "weights")
    stored = store.save(0, {"a": torch.ones(3)})
    handle = os.open(tmp_path / "weights", os.O_RDONLY)
    here = FolderStore(Path(f"/proc/self/fd/{handle}"))  # which is this process's alone
    genome = job(0).genome

    def child(number, where=store):
        return job(number, Parent(genome, 1.0, lambda: where.load(stored), (where, stored)))

    with executor(summing, workers=1) as one:
        for number, where in [(1, store), (2, here), (3, here)]:
            one.submit(child(number, where))
        for number in (1, 2, 3):
            result = one.result(number)
            assert (result.fitness, result.reason) == (3.0, "")
            assert torch.equal(result.weights["a"], torch.full((1000,), 2.0))
        one.submit(job(4, Parent(genome, 1.0, lambda: {"a": torch.full((2,), 4.0)})))
        assert one.result(4).fitness == 8.0
        path = tmp_path / "weights" / stored.file
        path.write_bytes(path.read_bytes()[:-1])
        one.submit(child(5))
        with pytest.raises(WeightsError, match=r"weights .*000000\.safetensors: the file is damaged"):
            one.result(5)
        path.unlink()
        one.submit(child(6))
        with pytest.raises(WeightsError, match=r"weights .*: cannot be read: No such file"):
            one.result(6)
    os.close(handle)


@pytest.mark.slow
def test_a_limit_of_time(cluster, tmp_path, summing):
    store = FolderStore(tmp_path / "weights")
    stored = store.save(0, {"a": torch.ones(3)})
    parent = Parent(job(0).genome, 1.0, lambda: store.load(stored), (store, stored))
    with executor(summing, workers=1, timeout=3.0) as one:
        for number in (1, 7, 2):
            one.submit(job(number, parent))
        assert one.result(1).fitness == 3.0
        assert one.result(7).reason == "out of time after 3 s: ended, with all that it had started"
        assert one.result(2).fitness == 3.0


@pytest.mark.slow
def test_what_cannot_be_sent_or_imported_says_so(cluster, search, monkeypatch, tmp_path):
    with (
        (tmp_path / "open").open("w") as file,
        pytest.raises(ValueError, match="evaluate: it cannot be sent to worker processes"),
    ):
        search(lambda genome, rng: file.write("x"), ray="local")
    (tmp_path / "elsewhere_for_ray.py").write_text("def evaluate(genome, rng):\n    return 1.0\n")
    with monkeypatch.context() as patched:
        patched.syspath_prepend(tmp_path)
        import elsewhere_for_ray
    with pytest.raises(
        ValueError, match=r"worker process cannot begin: .*No module named 'elsewhere_for_ray'"
    ):
        search(elsewhere_for_ray.evaluate, ray="local", workers=1)


@pytest.mark.slow
def test_results_are_told_as_they_come(cluster, tmp_path):
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
    evonas.evolve(**choices, asynchronous=True, ray="local", watch=lambda c: told.append(c.number))
    assert sorted(told) == list(range(10))
    assert told.index(0) >= 8


@pytest.mark.slow
def test_out_of_memory_is_tried_again_alone(cluster, tmp_path):
    """Three begin to be two at a time; the one that has too little memory ends up with both cores."""
    time_, folder, path = time, str(tmp_path), Path

    def evaluate(genome, rng):
        mark = path(folder) / f"{genome.number}-{time_.monotonic_ns()}"
        mark.write_text("running")
        try:
            if genome.number == 1 and len(list(path(folder).glob("1-*"))) == 1:
                raise MemoryError("too little")
            if genome.number == 2:
                raise MemoryError("always")
            time_.sleep(0.5)
            beside = [one for one in path(folder).iterdir() if one != mark and one.read_text() == "running"]
            return float(len(beside))
        finally:
            mark.write_text("ended")

    with executor(of_genomes(evaluate)) as two:
        for number in range(8):
            two.submit(job(number))
        results = [two.result(number) for number in range(8)]
    tried = "out of memory: always (tried twice, the second time with nothing else beside it)"
    assert [result.reason for result in results] == ["", "", tried] + [""] * 5
    assert results[1].fitness == 0.0  # and nobody was beside it
    begun = Counter(one.name.partition("-")[0] for one in tmp_path.iterdir())
    assert begun == {str(number): 2 if number in (1, 2) else 1 for number in range(8)}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_failure_costs_one_candidate_and_says_why(cluster, search, tmp_path, trouble):
    evaluate, reasons = trouble
    found = search(evaluate, budget=16, population=16, ray="local", timeout=2.0)
    assert [row["id"] for row in found] == list(range(16))
    failed = {row["id"]: row["reason"] for row in found if row["status"] == "failed"}
    assert failed.keys() == reasons.keys()
    for number, reason in reasons.items():
        assert failed[number].startswith(reason), (number, failed[number])
    assert (tmp_path / "marker").exists()  # and candidate 10 was tried again, and is done


def test_enough_lets_what_has_begun_end_and_nothing_else_begin(cluster, tmp_path):
    folder, modules = str(tmp_path), (os, time)

    def evaluate(genome, rng):
        os, time = modules
        open(f"{folder}/{genome.number}.begun", "w").close()
        while not os.path.exists(f"{folder}/go"):
            time.sleep(0.01)
        return float(genome.number)

    with executor(of_genomes(evaluate), workers=1) as one:
        for number in range(3):
            one.submit(job(number))
        waiting = threading.Thread(target=lambda: wait_for(tmp_path / "0.begun", tmp_path / "go", one))
        waiting.start()
        assert one.result(0).fitness == 0.0
        waiting.join()
        assert one.begun() == set()
    assert [path.stem for path in tmp_path.glob("*.begun")] == ["0"]


def wait_for(begun, go, executor):
    while not begun.exists():
        time.sleep(0.01)
    executor.enough = lambda: True
    go.touch()
