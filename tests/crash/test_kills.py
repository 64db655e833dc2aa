"""Searches that are killed and resumed come to the history of one that was not (see crash.py)."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("crash.py")


def crash(folder, *words):
    """Runs the harness; returns its last line."""
    command = [sys.executable, SCRIPT, *words]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()[-1]


SOUND = (
    ": 0 finished evaluations lost, 0 differing histories, 0 unreadable runs, 0 times something left behind, "
    "0 searches that crashed"
)


def sound(last, *, kills):
    """So many kills or more, since the last search may be killed again and again as it goes on; none hurt."""
    assert int(last.split()[0]) >= kills and last.endswith(SOUND)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kills", "kinds"), [(4, ["genotypes, serial", "trainings, serial"]), (2, ["genotypes, 2 processes"])]
)
def test_a_few_kills(tmp_path, kills, kinds):
    sound(crash(tmp_path, "--kills", str(kills), "--only", *kinds), kills=kills)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_kills(tmp_path):
    sound(crash(tmp_path, "--kills", "100"), kills=100)


def sabotaged(folder, sabotage, *words):
    """Runs the harness where something is wrong; returns what it prints."""
    saboteur = folder / "sabotage.py"
    saboteur.write_text(
        "import sys, runpy\n"
        f"sys.path.insert(0, {str(SCRIPT.parents[1] / 'support')!r})\n"
        f"sys.argv = {[str(SCRIPT), *words]!r}\n"
        f"{sabotage}"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    ended = subprocess.run([sys.executable, saboteur], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stdout


LOSING = """
import evonas
load = evonas.load
class Fewer:
    def __init__(self, result): self.journal, self.history = result.journal, []
evonas.load = lambda run: Fewer(load(run))
"""
CRASHING = """
from searches import Searches
begin = Searches.begin
def begin_to_crash(self, **choices):
    begin(self, **{**choices, "fail": choices.get("fail", "").replace("=kill", "=io")})
Searches.begin = begin_to_crash
"""
FORGETTING = """
from evonas.journal.sqlite import SqliteJournal
SqliteJournal.kept = lambda self: {}
"""


def test_the_harness_sees_what_is_lost(tmp_path):
    """A journal that has lost what was finished is found out: the harness can fail.

    The search is killed when it asks for the twentieth time, so it has said results before.
    """
    words = ["--kills", "1", "--only", "genotypes, serial", "--at", "search.asked:20"]
    assert "results were said, 0 are there" in sabotaged(tmp_path, LOSING, *words)
    sound(crash(tmp_path, *words), kills=1)


def test_the_harness_sees_a_search_that_crashes_instead_of_being_killed(tmp_path):
    words = ["--kills", "1", "--only", "genotypes, serial", "--at", "search.asked:20"]
    said = sabotaged(tmp_path, CRASHING, *words)
    assert "trouble: search.asked:20=kill: status 1" in said
    assert said.splitlines()[-1].startswith("0 kills") and said.endswith(", 1 searches that crashed\n")


def test_the_harness_sees_that_all_weights_are_lost(tmp_path):
    """Killed when it has handed over for the eighth time: a child of a finished parent is pending by then."""
    words = ["--kills", "1", "--only", "trainings, serial", "--at", "search.submitted:8"]
    said = sabotaged(tmp_path, FORGETTING, *words)
    assert "unreadable: the parent of pending candidate" in said
