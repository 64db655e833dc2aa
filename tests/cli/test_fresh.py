"""Folders for commands that were not told where to write."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from evonas.cli import main
from evonas.cli.fresh import fresh_folder, remove_unused


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    remove_unused()


def test_each_is_there_and_nobody_elses():
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: fresh_folder("amoeba", "data/my pets.npz"), range(40)))
    assert len(set(folders)) == 40
    for folder in folders:
        assert folder.is_dir()
        assert folder.parent.name == "runs"
        assert folder.name.startswith("amoeba-my pets-")


def test_one_without_use_goes(tmp_path):
    used, unused = fresh_folder("amoeba", "digits"), fresh_folder("amoeba", "digits")
    (used / "journal.db").touch()
    remove_unused()
    assert used.is_dir() and not unused.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["evolve", "--population", "0"],
        ["evolve", "--dataset", "nowhere.npz"],
        ["refine", "resnet.pt2", "--dataset", "digits"],
        ["compare", "--recipe", "nothing.toml", "--dataset", "digits"],
    ],
)
def test_a_refused_command_leaves_nothing(words, tmp_path, capsys):
    assert main(words) == 2
    assert "error: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_two_that_begin_at_once_do_not_collide(tmp_path, made_table):
    words = ["--genome", "nasbench201", "--table", made_table, "--dataset", "toy", "--budget", "1"]
    command = [sys.executable, "-m", "evonas", "evolve", *words, "--workers", "0", "--quiet"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate()[0].strip() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert len({tmp_path / line for line in said}) == 2
    assert all((tmp_path / line / "journal.db").is_file() for line in said)
