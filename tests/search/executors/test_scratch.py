import subprocess
import sys

import pytest

from evonas.search.executors.scratch import LOCK, discard, discard_all, scratch_folder

OTHER = """
import os, signal, sys
from evonas.executors.scratch import scratch_folder
folder = scratch_folder()
(folder / "part").mkdir()
(folder / "part" / "file").write_text("content")
print(folder, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def where(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path
    discard_all()


def names(where):
    return sorted(path.name for path in where.iterdir())


def test_a_folder_and_its_lock_come_and_go(where):
    folder = scratch_folder()
    assert folder.parent == where
    assert folder.stat().st_mode & 0o777 == 0o700
    assert names(where) == [folder.name, f"{folder.name}{LOCK}"]
    (folder / "file").write_text("content")
    discard(folder)
    assert names(where) == []


def test_what_a_killed_process_has_left_is_removed_once_it_is_dead(where):
    with subprocess.Popen([sys.executable, "-c", OTHER], stdin=-1, stdout=-1, text=True) as other:
        theirs = other.stdout.readline().strip()
        discard(scratch_folder())
        assert [str(path) for path in where.iterdir() if path.is_dir()] == [theirs]
        other.communicate("go")
    mine = scratch_folder()
    assert names(where) == [mine.name, f"{mine.name}{LOCK}"]


@pytest.mark.parametrize("content", [None, [], ["part"]], ids=["no folder", "an empty one", "half of it"])
def test_what_a_kill_left_half_made_or_half_removed_is_removed(where, content):
    (where / f"evonas-old{LOCK}").touch()
    if content is not None:
        (where / "evonas-old").mkdir()
    for name in content or ():
        (where / "evonas-old" / name).touch()
    discard(scratch_folder())
    assert names(where) == []


def test_what_nobody_locked_and_links_are_left_alone(where, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").touch()
    (where / "evonas-of-the-user").mkdir()
    (where / "evonas-link").symlink_to(elsewhere)
    (where / f"evonas-link{LOCK}").touch()
    (where / f"evonas-other{LOCK}").symlink_to(elsewhere / "file")
    discard(scratch_folder())
    assert (elsewhere / "file").exists()
    assert {"evonas-link", "evonas-of-the-user", f"evonas-other{LOCK}"} <= set(names(where))


def test_a_folder_of_the_users_beside_a_lock_of_the_users_is_left_alone(where):
    (where / "evonas-results").mkdir()
    (where / "evonas-results" / "file").touch()
    (where / "evonas-results.lock").touch()
    discard(scratch_folder())
    assert (where / "evonas-results" / "file").exists()
    assert names(where) == ["evonas-results", "evonas-results.lock"]


def test_what_cannot_be_removed_at_once_is_removed_by_the_next(where, tmp_path_factory):
    """A link stands for a folder in which something is still written: neither can be removed."""
    folder = scratch_folder()
    folder.rmdir()
    folder.symlink_to(tmp_path_factory.mktemp("elsewhere"))
    discard(folder)
    assert names(where) == [folder.name, f"{folder.name}{LOCK}"]
    folder.unlink()
    folder.mkdir()
    (folder / "file").touch()
    discard(scratch_folder())
    assert names(where) == []
