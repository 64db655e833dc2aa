import os
import subprocess
import sys

import pytest
import torch
from filelock import FileLock

import evonas
from evonas.errors import UserError
from evonas.run.environment import environment
from evonas.run.journal.file import BEGUN
from evonas.run.run import Run
from evonas.settings.runs import open_run


def count(genome, rng):
    return rng.random()


@pytest.fixture(scope="module")
def settings():
    return evonas.evolve(evaluate=count, needs="genome", budget=1).settings


@pytest.fixture
def run(tmp_path, settings):
    """A run of two candidates, in tmp_path/run."""
    how = {"evaluate": count, "needs": "genome", "budget": 2}
    evonas.evolve(**how, run=tmp_path / "run")
    return tmp_path / "run"


# -- beginning -------------------------------------------------------------------------------------


def test_a_new_run_knows_what_it_was_made_with(tmp_path, settings):
    with Run.create(tmp_path / "a" / "b", settings, fitness="function of genome") as made:
        assert made.journal.counts() == (0, 0)
    with open_run(tmp_path / "a" / "b") as opened:
        assert opened.settings == settings
        assert opened.meta["fitness"] == "function of genome"
        assert opened.meta["environment"] == environment()
        versions = {"python", "evonas", "torch", "numpy", "deap", "networkx", "revision"}
        assert set(environment()) == {*versions, "machine", "system", "vectors"}


def test_a_folder_with_a_run_is_refused(run):
    before = (run / "journal.db").read_bytes()
    with pytest.raises(
        UserError, match=rf"run {run}: a run is there already: resume it \(evonas resume {run}\)"
    ):
        evonas.evolve(evaluate=count, needs="genome", budget=2, run=run)
    assert (run / "journal.db").read_bytes() == before


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, settings):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="expected a new or empty folder, got one with files in it"):
        Run.create(tmp_path, settings)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_its_place_is_refused(tmp_path, settings):
    (tmp_path / "run").write_text("")
    with pytest.raises(UserError, match=r"run .*run: cannot be written: "):
        Run.create(tmp_path / "run", settings)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path, settings):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match=r"run .*: cannot be written: Permission denied"):
        Run.create(tmp_path / "run", settings)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("left", [[], ["run.lock"], ["run.lock", *BEGUN]])
def test_what_a_kill_has_left_does_not_matter(tmp_path, settings, left):
    for name in left:
        (tmp_path / name).write_bytes(b"half a file")
    with pytest.raises(UserError, match=rf"run {tmp_path}: no run is there \(expected a file journal\.db\)"):
        open_run(tmp_path, write=True)
    with Run.create(tmp_path, settings) as made:
        assert made.journal.counts() == (0, 0)
    assert not {path.name for path in tmp_path.iterdir()} & set(BEGUN)


# -- who may write ---------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from evonas.settings.runs import open_run
with open_run(Path(sys.argv[1]), write=True):
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_second_writer_is_refused_at_once(run):
    refusal = rf"run {run}: another process is writing it"
    with open_run(run, write=True):
        with pytest.raises(UserError, match=refusal):
            evonas.resume(run, evaluate=count, needs="genome")
        assert len(evonas.load(run).history) == 2
    evonas.resume(run, evaluate=count, needs="genome")

    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(UserError, match=refusal):
        evonas.resume(run, evaluate=count, needs="genome")
    assert [row["id"] for row in evonas.load(run).history] == [0, 1]
    holder.kill()
    holder.communicate()
    evonas.resume(run, evaluate=count, needs="genome")  # a kill frees it


def test_two_searches_cannot_begin_in_one_folder(tmp_path, settings):
    with FileLock(tmp_path / "run.lock"):  # one that is still setting it up
        with pytest.raises(UserError, match=rf"run {tmp_path}: another process is writing it"):
            Run.create(tmp_path, settings)
    with Run.create(tmp_path, settings), pytest.raises(UserError, match="a run is there already"):
        Run.create(tmp_path, settings)


def test_a_refused_run_is_not_held(run):
    content = (run / "journal.db").read_bytes()
    (run / "journal.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(UserError) as refused:
        open_run(run, write=True)
    (run / "journal.db").write_bytes(content)
    open_run(run, write=True).close()
    assert "damaged" in str(refused.value)


def test_readers_leave_a_run_alone(run):
    """What a writer may have under way is none of a reader's business."""
    (run / "weights").mkdir()
    under_way = run / "weights" / "000002.safetensors.tmp"
    under_way.write_bytes(b"half")
    before = sorted(path.name for path in run.rglob("*"))
    with open_run(run) as opened:
        opened.journal.kept()
    assert sorted(path.name for path in run.rglob("*") if not path.name.endswith(("-wal", "-shm"))) == [
        name for name in before if not name.endswith(("-wal", "-shm"))
    ]
    open_run(run, write=True).close()
    assert not under_way.exists(), "the writer sweeps it up"


def test_weights_that_the_journal_names_stay(run):
    with open_run(run, write=True) as opened:
        stored = opened.store.save(1, {"x.weight": torch.ones(3)})
        opened.store.save(2, {"x.weight": torch.ones(3)})
        candidate = opened.journal.candidate(1)
        candidate.number = 2
        opened.journal.asked(candidate, 2)
        opened.journal.told(candidate, stored)
        opened.journal.commit()
    with open_run(run, write=True) as opened:
        assert [path.name for path in opened.store.folder.iterdir()] == [stored.file]


# -- the rest --------------------------------------------------------------------------------------


def test_changed_settings_are_noted(run, settings):
    from dataclasses import replace

    with open_run(run, write=True) as opened:
        opened.change(replace(opened.settings, budget=99))
        assert opened.settings.budget == 99
    assert evonas.load(run).settings.budget == 99


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_no_run_there(tmp_path, name):
    for write in (False, True):
        with pytest.raises(UserError, match=r"no run is there \(expected a file journal\.db\)"):
            open_run(tmp_path / name, write=write)
    assert not list(tmp_path.iterdir())


# -- where there is none -----------------------------------------------------------------------------


def test_where_no_run_is_those_beside_it_are_named(tmp_path, settings):
    with pytest.raises(UserError, match=r"no run is there \(expected a file journal\.db\)$"):
        open_run(tmp_path / "first")
    for number in range(7):
        Run.create(tmp_path / f"run-{number}", settings).close()
        os.utime(tmp_path / f"run-{number}" / "journal.db", (number, number))
    newest = ", ".join(str(tmp_path / f"run-{number}") for number in (6, 5, 4, 3, 2))
    for asked in (tmp_path, tmp_path / "first"):
        with pytest.raises(UserError) as refused:
            open_run(asked)
        assert str(refused.value).endswith(f"; there are {newest} and 2 more")


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """As versions of filelock say it that do not lock by a file's presence instead."""

    def acquire(*_, **__):
        raise NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock instead")

    monkeypatch.setattr(FileLock, "acquire", acquire)
    with pytest.raises(UserError, match=r"run .*: its file system has no locks \(flock\), so two processes"):
        evonas.evolve(evaluate=lambda genome, rng: 1.0, needs="genome", budget=1, run=tmp_path / "run")
