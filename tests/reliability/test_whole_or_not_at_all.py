"""A turn is noted whole or not at all, and a run that is refused is left as it was."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import evonas
from evonas.run.journal import SqliteJournal
from evonas.run.weights import UnreadableWeightsError
from evonas.settings.runs import open_run


@pytest.fixture(scope="module")
def whole(training, tmp_path_factory):
    """A run, and what it may be resumed from: a copy that ended sooner."""
    folder = tmp_path_factory.mktemp("whole")
    evonas.evolve(**{**training, "budget": 6}, run=folder / "short")
    shutil.copytree(folder / "short", folder / "run")
    evonas.resume(folder / "run", budget=8)
    return folder


@pytest.fixture
def short(whole, tmp_path):
    return Path(shutil.copytree(whole / "short", tmp_path / "run"))


def test_stopped_between_a_result_and_its_weights(whole, short, rows, kept, monkeypatch):
    """Ctrl-C at the one instant at which a result is noted and its weights are not."""
    write, weights = SqliteJournal._write, []

    def interrupted(self, statement, *values):
        weights.extend([values] * statement.startswith("INSERT INTO weights"))
        if len(weights) == 2:  # the session's usage is noted at its end, once it has a candidate
            weights.clear()
            raise KeyboardInterrupt
        write(self, statement, *values)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteJournal, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            evonas.resume(short, budget=8)
    assert [row["status"] for row in rows(evonas.load(short))[:7]] == ["done"] * 7
    assert rows(evonas.resume(short, budget=8)) == rows(evonas.load(whole / "run"))
    assert kept(short) == kept(whole / "run")


def content(run):
    """What a run's journal notes, and its files."""
    journal = SqliteJournal(run)
    noted = journal.meta(), journal.counts(), journal.kept()
    journal.close()
    return noted, sorted(path.name for path in (run / "weights").iterdir())


def damaged(run):
    """Cuts off a file of weights."""
    file = min((run / "weights").iterdir())
    file.write_bytes(file.read_bytes()[:-1])


def test_what_is_refused_changes_nothing(short, trained_images, tmp_path):
    damaged(short)
    before = content(short)
    other = Path(shutil.copy(trained_images, tmp_path / "other.npz"))
    with np.load(other) as arrays:
        changed = dict(arrays)
    changed["x_train"] = changed["x_train"][::-1].copy()
    content_of_images = trained_images.read_bytes()
    np.savez(trained_images, **changed)
    try:
        with pytest.raises(evonas.UserError, match="not those that the run began with"):
            evonas.resume(short, budget=8, drop_damaged=True)
    finally:
        trained_images.write_bytes(content_of_images)
    assert content(short) == before
    with pytest.warns(RuntimeWarning, match="1 damaged files of weights were dropped"):
        evonas.resume(short, budget=7, drop_damaged=True)


def test_weights_that_cannot_be_read_now_are_not_damaged(short, monkeypatch):
    before = content(short)
    system_open = os.open

    def too_many(path, *rest):
        if str(path).endswith(".safetensors"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return system_open(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr("evonas.run.weights.os.open", too_many)
        with pytest.raises(UnreadableWeightsError, match="cannot be read: Too many open files"):
            evonas.resume(short, budget=8, drop_damaged=True)
    assert content(short) == before


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc, which lists open files")
def test_what_is_refused_is_closed(short):
    journal = SqliteJournal(short, write=True)
    journal.note("settings", {"genome": "unheard-of"})
    journal.close()
    before, errors = len(os.listdir("/proc/self/fd")), []
    for write in (False, True) * 4:
        with pytest.raises(evonas.UserError) as refused:
            open_run(short, write=write)
        errors.append(refused)  # its traceback holds what the frames had open
    assert len(os.listdir("/proc/self/fd")) <= before
