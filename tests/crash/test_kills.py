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
    ": 0 finished evaluations lost, 0 differing histories, 0 unreadable runs, 0 times something left behind"
)


def sound(last, *, kills):
    """So many kills or more, since the last search may be killed again and again as it goes on; none hurt."""
    assert int(last.split()[0]) >= kills and last.endswith(SOUND)


@pytest.mark.timeout(600)
def test_twelve_kills(tmp_path):
    sound(crash(tmp_path, "--kills", "12", "--only", "genotypes", "trainings, serial"), kills=12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_kills(tmp_path):
    sound(crash(tmp_path, "--kills", "100"), kills=100)


def test_the_harness_sees_what_is_lost(tmp_path):
    """A journal that has lost what was finished is found out: the harness can fail.

    The search is killed when it asks for the twentieth time, so it has said results before.
    """
    words = ["--kills", "1", "--only", "genotypes, serial", "--at", "search.asked:20"]
    saboteur = tmp_path / "sabotage.py"
    saboteur.write_text(
        "import sys, runpy\n"
        "import evonas\n"
        f"sys.argv = {[str(SCRIPT), *words]!r}\n"
        "load = evonas.load\n"
        "class Fewer:\n"
        "    def __init__(self, result): self.journal, self.history = result.journal, []\n"
        "evonas.load = lambda run: Fewer(load(run))\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    ended = subprocess.run([sys.executable, saboteur], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "results were said, 0 are there" in ended.stdout
    sound(crash(tmp_path, *words), kills=1)
