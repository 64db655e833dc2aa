"""A second Ctrl-C ends everything at once, and leaves nothing behind; a first one does so within seconds."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = """
import signal, sys, threading, time
import evonas
from pebble.common.types import CONSTS
from evonas.cli.interrupts import stoppable

def stubborn(genome, rng):
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    print("evaluating", flush=True)
    time.sleep(300)

def tell():
    while not request.made:
        time.sleep(0.01)
    print("heard", flush=True)

CONSTS.term_timeout = float(sys.argv[2])
with stoppable() as request:
    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    try:
        evonas.evolve(evaluate=stubborn, needs="genome", budget=9, population=3, workers=2, run=sys.argv[1])
    except KeyboardInterrupt:
        telling.join()
        print("stopped in good order", flush=True)
"""


@pytest.fixture
def stubborn(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """A search whose candidates do not listen, for so many seconds, once two are being evaluated."""

    def start(patience: float = 1.0) -> subprocess.Popen[str]:
        (tmp_path / "temporary").mkdir()
        variables = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "EVONAS_TEST_TAG": str(tmp_path)}
        words = [sys.executable, "-c", SCRIPT, str(tmp_path / "run"), str(patience)]
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


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_the_first_signal(
    stubborn: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    process = stubborn()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "heard\nstopped in good order\n", "")
    wait_until_nothing_is_left(tmp_path)


def test_the_second_signal(stubborn: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = stubborn(patience=600.0)  # it waits for its workers, which do not listen
    process.send_signal(signal.SIGINT)
    assert process.stdout
    assert process.stdout.readline() == "heard\n"
    semaphores = semaphores_of(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "\nleft at once\n")
    wait_until_nothing_is_left(tmp_path)
    assert not [path for path in semaphores if path.exists()]


def semaphores_of(process: subprocess.Popen[str]) -> list[Path]:
    """The files of its semaphores, where the system tells."""
    maps = Path(f"/proc/{process.pid}/maps")
    if not maps.exists():
        return []
    for _ in range(100):
        # It has mapped them under the names that they were made by; only the files are the same.
        mapped = {line.split()[4] for line in maps.read_text().splitlines() if "/dev/shm/sem." in line}
        found = []
        for path in Path("/dev/shm").glob("sem.mp-*"):
            with contextlib.suppress(FileNotFoundError):  # another process's
                found += [path] if str(path.stat().st_ino) in mapped else []
        if found:
            return found
        time.sleep(0.02)  # a list that changes while it is read may lack lines
    raise AssertionError(f"no semaphores in {maps.read_text()}")
