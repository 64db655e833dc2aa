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


@pytest.mark.timeout(600)
def test_twelve_kills(tmp_path):
    last = crash(tmp_path, "--kills", "12", "--only", "genotypes", "trainings, serial")
    assert last.startswith(("12 kills", "13 kills")) and last.endswith(SOUND)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_kills(tmp_path):
    last = crash(tmp_path, "--kills", "100")
    assert last.startswith(("100 kills", "101 kills")) and last.endswith(SOUND)


def test_the_harness_sees_what_is_lost(tmp_path):
    """A journal that loses a turn is found out: the harness can fail."""
    saboteur = tmp_path / "sabotage.py"
    saboteur.write_text(
        "import sys, runpy, shutil\n"
        f"sys.argv = [{str(SCRIPT)!r}, '--kills', '3', '--only', 'genotypes, serial']\n"
        f"sys.path.insert(0, {str(SCRIPT.parents[1] / 'support')!r})\n"
        "import searches\n"
        "kill = searches.Searches.kill\n"
        "import evonas\n"
        "load = evonas.load\n"
        "class Fewer:\n"
        "    def __init__(self, result): self.journal, self.history = result.journal, []\n"
        "evonas.load = lambda run: Fewer(load(run))\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    ended = subprocess.run([sys.executable, saboteur], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "results were said, 0 are there" in ended.stdout
