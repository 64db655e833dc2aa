"""A second Ctrl-C ends everything at once, and leaves nothing behind; a first one does so within seconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = """
import signal, sys, time
import evonas
from evonas.cli.interrupts import stoppable

def stubborn(genome, rng):
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    print("evaluating", flush=True)
    time.sleep(300)

with stoppable() as request:
    try:
        evonas.evolve(evaluate=stubborn, needs="genome", budget=9, population=3, workers=2, run=sys.argv[1])
    except KeyboardInterrupt:
        print("stopped in good order", flush=True)
"""


@pytest.fixture
def stubborn(tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    """A search whose candidates do not listen, once two are being evaluated."""

    def start() -> subprocess.Popen[str]:
        (tmp_path / "temporary").mkdir()
        variables = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "EVONAS_TEST_TAG": str(tmp_path)}
        words = [sys.executable, "-c", SCRIPT, str(tmp_path / "run")]
        pipe = subprocess.PIPE
        process = subprocess.Popen(words, env=variables, stdout=pipe, stderr=pipe, text=True)
        assert process.stdout
        assert [process.stdout.readline() for _ in range(2)] == ["evaluating\n"] * 2
        return process

    return start


def left(tmp_path: Path) -> list[str]:
    """Processes of the search, and its temporary files."""
    tag = f"EVONAS_TEST_TAG={tmp_path}".encode()
    found = [path.name for path in (tmp_path / "temporary").iterdir()]
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += [path.parent.name] if tag in path.read_bytes() else []
        except OSError:
            continue
    return found


def wait_until_nothing_is_left(tmp_path: Path) -> None:
    for _ in range(500):
        if not left(tmp_path):
            return
        time.sleep(0.02)
    raise AssertionError(left(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal(
    stubborn: Callable[[], subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    process = stubborn()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "stopped in good order\n", "")
    wait_until_nothing_is_left(tmp_path)


def test_the_second_signal(stubborn: Callable[[], subprocess.Popen[str]], tmp_path: Path) -> None:
    process = stubborn()
    memory = Path("/dev/shm")
    before = set(memory.iterdir()) if memory.is_dir() else set()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)  # it waits for its workers, which do not listen
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "\nleft at once\n")
    wait_until_nothing_is_left(tmp_path)
    assert not {path.name for path in set(memory.iterdir()) - before if "evonas" in path.name}
