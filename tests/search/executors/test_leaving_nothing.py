"""What a candidate has started ends with it: out of time, at Ctrl-C, and where the search is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc"),
]

SECONDS = 10
"""After which nothing is left, as promised."""

OF_RAY = "ray::DashboardAgent", "ray::RuntimeEnvAgent"
"""What Ray starts for itself, and ends some seconds later where a search is killed."""

SCRIPT = """
import itertools, json, os, subprocess, sys, time
import evonas

folder, choices = sys.argv[1], json.loads(sys.argv[2])

def programs():
    "A child, one whose parent has ended, one in a group of its own, and one that is deaf to SIGTERM."
    deaf = [sys.executable, "-ISc", "import signal; signal.signal(15, signal.SIG_IGN); signal.pause()"]
    yield subprocess.Popen(["sleep", "600"])
    yield subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600 &"])
    yield subprocess.Popen(["timeout", "600", "sleep", "600"])
    yield subprocess.Popen(deaf)

def alive(number):
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

def evaluate(genome, rng):
    if genome.number >= choices["begin"]:
        with open(f"{folder}/0.begun") as file:  # what the candidate before has started
            return float(sum(alive(number) for number in map(int, file.read().split())))
    started = list(itertools.islice(programs(), choices["programs"]))
    if hasattr(os, "fork") and choices["programs"] > 1 and not os.fork():
        time.sleep(600)  # it has all pipes of the worker's open
    with open(f"{folder}/{genome.number}.part", "w") as file:
        file.write(" ".join(str(program.pid) for program in started))
    os.rename(file.name, f"{folder}/{genome.number}.begun")
    time.sleep(600)

found = evonas.evolve(evaluate=evaluate, needs="genome", population=2, sample=2, **choices["search"])
print(json.dumps([[row["reason"], row["fitness"]] for row in found.history]), flush=True)
sys.stdin.read()
"""

EXECUTORS = {
    "processes": {"workers": 2},
    "packed": {"devices": "cpu", "per_device": 2},
    "ray": {"ray": "local", "workers": 2},
}


def tagged(tag: str) -> dict[int, str]:
    """The processes of a test, by what began with them, and how each was called."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if tag.encode() in (path / "environ").read_bytes():
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended, or is another user's
            continue
    return found


Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def tag(tmp_path: Path) -> Iterator[str]:
    """Is in the environment of all processes of a test, none of which outlives it."""
    found = f"EVONAS_TEST_TAG={tmp_path}"
    yield found
    while left := tagged(found):
        for process in left:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


@pytest.fixture
def begin(tag: str, tmp_path: Path) -> Begin:
    """Starts a search whose first candidates start programs, as a terminal does: it leads a group."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "temporary").mkdir()

    def start(hanging: int, count: int = 4, **search: object) -> subprocess.Popen[str]:
        choices = json.dumps({"begin": hanging, "programs": count, "search": search})
        words = [sys.executable, tmp_path / "script.py", str(tmp_path), choices]
        name, _, value = tag.partition("=")
        variables = {**os.environ, name: value, "TMPDIR": str(tmp_path / "temporary")}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            words, env=variables, text=True, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        return process

    return start


def wait_until_begun(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    while len(list(folder.glob("*.begun"))) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def assert_nothing_is_left(tag: str, *spare: str) -> None:
    until = time.monotonic() + SECONDS
    while left := {n: words for n, words in tagged(tag).items() if not any(word in words for word in spare)}:
        assert time.monotonic() < until, left
        time.sleep(0.05)


@pytest.mark.parametrize(  # tests/search/executors/test_packed.py has one that is too late among the quick
    "executor", ["processes", *(pytest.param(name, marks=pytest.mark.slow) for name in ("packed", "ray"))]
)
def test_out_of_time(begin: Begin, tag: str, tmp_path: Path, executor: str) -> None:
    process = begin(1, budget=2, timeout=2.0, look_ahead=1, **EXECUTORS[executor])
    assert process.stdout and process.stdin
    rows = process.stdout.readline()
    assert rows, process.communicate()
    late, after = json.loads(rows)
    assert late == ["out of time after 2 s: ended, with all that it had started", None]
    assert after == ["", 0.0]  # of its programs none was there when the next candidate began
    assert_nothing_is_left(tag, str(tmp_path / "script.py"), "multiprocessing.resource_tracker")
    assert process.poll() is None  # though the script goes on


@pytest.mark.parametrize(
    ("executor", "number"),
    [
        ("processes", signal.SIGKILL),
        ("packed", signal.SIGINT),
        pytest.param("processes", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("packed", signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param("ray", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("ray", signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
def test_the_search_is_ended(
    begin: Begin, tag: str, tmp_path: Path, executor: str, number: signal.Signals
) -> None:
    process = begin(4, budget=4, look_ahead=4, **EXECUTORS[executor])
    wait_until_begun(process, tmp_path, 2)
    if number == signal.SIGKILL:
        process.kill()
    else:
        os.killpg(process.pid, number)  # as the terminal does
    process.wait(60)
    assert_nothing_is_left(tag, *OF_RAY)


def test_ctrl_c_where_there_are_no_workers(begin: Begin, tag: str, tmp_path: Path) -> None:
    """The program hears it itself."""
    process = begin(4, 1, budget=4, workers=0)
    wait_until_begun(process, tmp_path, 1)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    assert_nothing_is_left(tag)
