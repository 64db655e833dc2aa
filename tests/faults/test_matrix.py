"""The fault matrix: what each fault costs, on each executor (docs/reliability.md has it as a table)."""

import contextlib
import os
import shutil
import signal
import sqlite3
import sys
import time

import cloudpickle
import pytest

import evonas
from evonas.files import failpoints
from evonas.run.weights import UnwritableWeightsError

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import tests

STRUCK = 5
"""The candidate that meets the fault."""


def good(genome, rng):
    return rng.random()


def with_fault(fault):
    """A fitness that does something else at one candidate."""

    def evaluate(genome, rng):
        return fault() if genome.number == 5 else rng.random()

    return evaluate


def of_network(network, rng):
    """A fitness of networks that are built, inherit and are kept, without the time that trainings take."""
    return rng.random()


def failed(found):
    return {row["id"]: row["reason"] for row in found if row["status"] == "failed"}


@pytest.fixture
def whole(search, rows):
    """The history without any fault."""
    return rows(search("serial", good))


@pytest.fixture(scope="module")
def networks(training):
    """The choices of a search with weights."""
    return {**training, "evaluate": of_network}


@pytest.fixture(scope="module")
def whole_of_networks(networks, rows):
    """Its history without any fault."""
    return rows(evonas.evolve(**networks))


# -- in a candidate ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("exception", "ZeroDivisionError: division by zero"),
        ("memory", "out of memory"),
        ("nan", "the fitness was nan, not a finite number"),
        ("infinite", "the fitness was inf, not a finite number"),
    ],
)
def test_a_candidate_fails(search, rows, executor, kind, reason):
    """One candidate is lost, with its reason; it is nobody's parent and not the best."""

    def fault():
        if kind == "exception":
            return 1 / 0
        if kind == "memory":
            return len(bytearray(1 << 62))
        return float(kind[:3])

    found = rows(search(executor, with_fault(fault)))
    assert [row["id"] for row in found] == list(range(12))
    assert list(failed(found)) == [STRUCK]
    assert failed(found)[STRUCK].startswith(reason)
    assert not any(STRUCK in row["parents"] for row in found)


def test_an_infinite_fitness_never_wins(search):
    result = search("serial", lambda genome, rng: float("inf") if genome.number == 3 else rng.random())
    assert result.best.id != 3 and result.best.fitness < 1
    assert result.individual(3).fitness is None


def test_weights_that_are_not_finite_are_not_inherited(tmp_path, training):
    import torch

    def spoil(network, rng):
        with torch.no_grad():
            first = next(network.parameters())
            first.fill_(rng.choice([float("nan"), float("inf"), 1.0, 1.0]))
        return 1.0

    choices = {**training, "budget": 16}
    result = evonas.evolve(**choices, evaluate=spoil, run=tmp_path / "run")
    lost = {row["id"]: row["reason"] for row in result.history if row["status"] == "failed"}
    assert 2 < len(lost) < 14
    assert all(reason.startswith("training diverged: ") for reason in lost.values())
    assert {reason.rpartition(" ")[2] for reason in lost.values()} == {"NaN", "infinite"}
    assert not set(result.journal.kept()) & set(lost)
    assert not any(set(row["parents"]) & set(lost) for row in result.history)


def test_a_worker_is_killed_once(search, rows, executor, whole, tmp_path):
    """Nothing is lost: the candidate is begun again. In `serial` there is no worker but the search itself."""
    if executor == "serial":
        pytest.skip("the search itself is killed: tests/crash")
    marker = str(tmp_path / "marker")

    def fault():
        import os
        import signal

        if not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return 0.5

    found = rows(search(executor, with_fault(fault)))
    assert not failed(found)
    assert [row["fitness"] for row in found[:STRUCK]] == [row["fitness"] for row in whole[:STRUCK]]


def test_a_worker_is_killed_again_and_again(search, rows, executor):
    if executor == "serial":
        pytest.skip("the search itself is killed: tests/crash")

    def fault():
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    found = rows(search(executor, with_fault(fault)))
    assert list(failed(found)) == [STRUCK]
    assert "died" in failed(found)[STRUCK] or "was killed (SIGKILL)" in failed(found)[STRUCK]


def test_a_worker_hangs(search, rows, executor):
    """With a timeout one candidate is lost; `serial` cannot end a hang, and says so."""
    if executor == "serial":
        with pytest.raises(evonas.UserError, match="workers: expected at least 1 with a timeout"):
            search("serial", good, workers=0, timeout=2.0)
        return

    def fault():
        import time

        time.sleep(3600)

    found = rows(search(executor, with_fault(fault), timeout=2.0))
    assert failed(found) == {STRUCK: "out of time after 2 s: ended, with all that it had started"}


@pytest.mark.parametrize("leap", [-3600.0, 3600.0])
def test_the_clock_is_set(search, rows, executor, whole, monkeypatch, leap):
    """Nothing is lost and no time is negative, whichever way the clock on the wall leaps."""
    real, begun, here = time.time, time.time(), os.getpid()
    monkeypatch.setattr("time.time", lambda: real() + (leap if real() - begun > 0.2 else 0.0))

    def slow(genome, rng):
        import os
        import time

        if os.getpid() != here and not hasattr(time, "leapt"):  # the evaluating process's clock, too
            time.leapt, now = True, time.time
            time.time = lambda: now() + leap
        time.sleep(0.05)
        return rng.random()

    timeout = {} if executor == "serial" else {"timeout": 60.0}
    result = search(executor, slow, **timeout)
    assert all(0 <= row["seconds"] < 30 for row in result.history)
    assert rows(result) == whole


# -- of the disk ------------------------------------------------------------------------------------


def test_a_full_disk(search, go_on, rows, executor, disk):
    """The search stops and says what to do; with more room it goes on, and nothing is lost or differs."""
    folder = disk.place / "run"
    how = {"budget": 600, "population": 20}
    expected = rows(search("serial", good, **how))
    with pytest.raises(evonas.UserError, match=r"journal .*full \(free some space, then resume\)") as stopped:
        search(executor, good, run=folder, **how)
    assert "\n" not in str(stopped.value)
    disk.change("size=20m")
    done = [row for row in rows(evonas.load(folder)) if row["status"] != "pending"]
    assert 20 < len(done) < 600 and done == expected[: len(done)]
    assert rows(go_on(executor, folder, good)) == expected


def test_a_full_disk_where_weights_are_written(networks, rows, disk):
    """The same of weights, of which every file that the journal names stays whole."""
    from evonas.settings.runs import open_run

    folder, choices = disk.place / "run", {**networks, "budget": 14, "keep": "50MB"}
    expected = rows(evonas.evolve(**choices))
    with pytest.raises(evonas.UserError, match=r"No space left on device \(free|is full \(free some space"):
        evonas.evolve(**choices, run=folder)
    with open_run(folder) as opened:
        assert all(opened.store.load(stored) for stored in opened.journal.kept().values())
    assert not list(folder.rglob("*.tmp"))
    disk.change("size=20m")
    assert rows(evonas.resume(folder, evaluate=of_network)) == expected


def test_a_full_disk_where_a_worker_lends_weights(search, tmp_path, disk, monkeypatch):
    """The temporary folder is full, and nothing damaged: that is said, and not to do without weights."""
    monkeypatch.setattr("tempfile.tempdir", str(disk.place))

    def filling(network, rng):
        with contextlib.suppress(OSError), (place / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(256))
        return rng.random()

    place = disk.place
    tiny = {"genome": {"cells": 1, "filters": 8, "combinations": 2, "stages": 2}}
    refusal = r"weights .*result\d+.safetensors: cannot be written: No space left on device \(free some space"
    with pytest.raises(UnwritableWeightsError, match=refusal):
        search("processes", filling, needs="network", config=tiny, run=tmp_path / "run")
    assert [path.name for path in disk.place.iterdir()] == ["filler"]


def test_a_folder_that_becomes_read_only(search, go_on, rows, executor, disk):
    """It can be read; a search there is refused with what to do."""
    folder = disk.place / "run"
    first = rows(search("serial", good, run=folder, budget=8))
    disk.change("ro")
    assert rows(evonas.load(folder)) == first
    refusal = r"(Read-only file system|readonly database) \(make it writable, then resume\)"
    with pytest.raises(evonas.UserError, match=refusal):
        go_on(executor, folder, good, budget=12)
    with pytest.raises(evonas.UserError, match=refusal):
        search(executor, good, run=disk.place / "other")
    disk.change("rw")
    assert rows(go_on(executor, folder, good, budget=12)) == rows(search("serial", good))


@pytest.mark.parametrize("place", ["weights.written", "weights.flushed", "weights.named", "journal.commit"])
@pytest.mark.parametrize(
    "kind", ["full", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("readonly", "io"))]
)
def test_the_system_refuses(networks, whole_of_networks, rows, tmp_path, place, kind):
    """Whatever the system refuses, what is finished stays, and the run goes on to the same."""
    folder, remedy = tmp_path / "run", {"full": "free", "readonly": "make it", "io": "look after"}[kind]
    expected = whole_of_networks
    failpoints.arm(f"{place}:4={kind}")
    try:
        with pytest.raises(evonas.UserError, match=rf"\({remedy} .*then resume\)"):
            evonas.evolve(**networks, run=folder)
    finally:
        failpoints.arm("")
    done = [row for row in rows(evonas.load(folder)) if row["status"] != "pending"]
    assert done == expected[: len(done)] and done
    assert rows(evonas.resume(folder, evaluate=of_network)) == expected
    assert not list(folder.rglob("*.tmp"))


# -- of files ---------------------------------------------------------------------------------------


def test_a_page_of_the_journal_is_corrupted(search, go_on, executor, tmp_path):
    """The run is refused, by readers and writers, and left as it is: nothing wrong is ever read."""
    folder = tmp_path / "run"
    search("serial", good, run=folder, budget=60).journal.close()
    path = folder / "journal.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 4 * 4096] = os.urandom(4096)
    path.write_bytes(content)
    with pytest.raises(evonas.UserError, match=r"journal .*: the file is damaged"):
        list(evonas.load(folder).history)
    with pytest.raises(evonas.UserError, match=r"journal .*: the file is damaged"):
        go_on(executor, folder, good)
    assert path.read_bytes() == content


@pytest.mark.parametrize("workers", [0, 1])
def test_weights_are_cut_short(networks, tmp_path, workers):
    """The search stops where they are needed, or goes on without them where that is wanted."""
    if workers and os.environ.get("EVONAS_QUICK"):
        pytest.skip("asked for quick tests")
    folder = tmp_path / "run"
    evonas.evolve(**networks, run=folder).journal.close()
    for path in (folder / "weights").iterdir():
        path.write_bytes(path.read_bytes()[:-7])
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with pytest.raises(evonas.UserError, match=r"weights .*: the file is damaged: expected"):
        evonas.resume(folder, evaluate=of_network, budget=14, workers=workers)
    with pytest.warns(RuntimeWarning, match="damaged files of weights were dropped"):
        result = evonas.resume(copy, evaluate=of_network, budget=14, workers=workers, drop_damaged=True)
    found = list(result.history)
    assert [row["status"] for row in found] == ["done"] * 14
    first = found[12]
    assert first["parents"] and first["inherited"] == 0


def test_a_signal_in_the_middle(search, go_on, rows, executor, whole, tmp_path):
    """What was finished is kept, and the rest follows as it would have."""
    folder = tmp_path / "run"

    def stop(candidate):
        if candidate.number == 4:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

    with pytest.raises(KeyboardInterrupt):
        search(executor, good, run=folder, watch=stop)
    assert sum(row["status"] == "done" for row in rows(evonas.load(folder))) >= 5
    assert rows(go_on(executor, folder, good)) == whole
