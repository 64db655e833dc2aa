"""Searches that are killed and resumed come to the history of one that was not (see crash.py)."""

import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import pytest
from searches import Searches

import evonas
from evonas.run.journal import SqliteJournal

SCRIPT = Path(__file__).with_name("crash.py")


@pytest.fixture(scope="module")
def harness():
    """The harness as a module: in this process it need not import torch each time."""
    specification = importlib.util.spec_from_file_location("crash", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["crash"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["crash"]


@pytest.fixture
def crash(harness, tmp_path, monkeypatch, capfd):
    """Runs the harness; returns what it prints."""
    for name in ("TMPDIR", "PYTHONWARNINGS"):  # which it sets
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def run(*words, status=0):
        ended = harness.main(list(words))
        said = capfd.readouterr().out
        assert ended == status, said
        return said

    return run


SOUND = (
    ": 0 finished evaluations lost, 0 differing histories, 0 unreadable runs, 0 times something left behind, "
    "0 searches that crashed"
)


def sound(said, *, kills):
    """So many kills or more, since the last search may be killed again and again as it goes on; none hurt."""
    last = said.splitlines()[-1]
    assert int(last.split()[0]) >= kills and last.endswith(SOUND)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kills", "kinds"),
    [
        (2, ["genotypes, serial"]),
        (1, ["trainings, serial", "--kernels", "eager"]),
        (1, ["genotypes, 2 processes"]),
    ],
)
def test_a_few_kills(crash, kills, kinds):
    sound(crash("--kills", str(kills), "--only", *kinds), kills=kills)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_kills(crash):
    sound(crash("--kills", "100"), kills=100)


class Fewer:
    """A result whose history is lost."""

    def __init__(self, result):
        self.journal, self.history = result.journal, []


def test_the_harness_sees_what_is_lost(crash, monkeypatch):
    """A journal that has lost what was finished is found out: the harness can fail.

    The search is killed when it asks for the twentieth time, so it has said results before.
    """
    words = ["--kills", "1", "--only", "genotypes, serial", "--at", "search.asked:20"]
    load = evonas.load
    with monkeypatch.context() as patch:
        patch.setattr(evonas, "load", lambda run: Fewer(load(run)))
        assert "results were said, 0 are there" in crash(*words, status=1)


def test_the_harness_sees_a_search_that_crashes_instead_of_being_killed(crash, monkeypatch):
    begin = Searches.begin

    def begin_to_crash(self, **choices):
        begin(self, **{**choices, "fail": choices.get("fail", "").replace("=kill", "=io")})

    monkeypatch.setattr(Searches, "begin", begin_to_crash)
    said = crash("--kills", "1", "--only", "genotypes, serial", "--at", "search.asked:20", status=1)
    assert "trouble: search.asked:20=kill: status 1" in said
    assert said.splitlines()[-1].startswith("0 kills") and said.endswith(", 1 searches that crashed\n")


def test_the_harness_sees_that_all_weights_are_lost(crash, monkeypatch):
    """Killed when it has handed over for the eighth time: a child of a finished parent is pending by then."""
    monkeypatch.setattr(SqliteJournal, "kept", lambda self: {})
    said = crash(
        "--kills",
        "1",
        "--only",
        "trainings, serial",
        "--kernels",
        "eager",
        "--at",
        "search.submitted:8",
        status=1,
    )
    assert "unreadable: the parent of pending candidate" in said
