import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import evonas

SEARCH: dict[str, Any] = {"needs": "genome", "population": 4, "sample": 2, "seed": 3}


def rows(result: Any) -> list[dict[str, Any]]:
    """A history, times aside."""
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


@pytest.fixture(scope="session")
def history() -> Callable[[Any], list[dict[str, Any]]]:
    """The rows of a result, times aside."""
    return rows


@pytest.fixture(scope="session")
def search() -> Callable[..., list[dict[str, Any]]]:
    """The history of a search for genomes by a function, times aside."""

    def run(evaluate: Callable[..., Any], budget: int = 6, **choices: Any) -> list[dict[str, Any]]:
        return rows(evonas.evolve(evaluate=evaluate, budget=budget, **{**SEARCH, **choices}))

    return run


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    """The choices of a search with real trainings, as small as they can be, with nothing to compile."""
    genome = {"cells": 1, "filters": 4, "combinations": 1, "stages": 1}
    return {
        "budget": 6,
        "population": 2,
        "sample": 2,
        "seed": 7,
        "epochs": 1,
        "train_limit": 100,
        "device": "cpu",
        "kernels": "eager",
        "config": {"genome": genome, "training": {"batch_size": 32}},
    }


@pytest.fixture(scope="session")
def expected(tiny: dict[str, Any]) -> list[dict[str, Any]]:
    """The history of that search in this process, one candidate after the other."""
    found = rows(evonas.evolve(**tiny))
    assert {row["status"] for row in found} == {"done"}
    assert any(row["inherited"] > 0 for row in found)
    return found


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a script of a user's, in a process of its own."""
    started = []

    def start(text: str, *words: str) -> subprocess.Popen[str]:
        path = tmp_path / "script.py"
        path.write_text(text, encoding="utf-8")
        pipe = subprocess.PIPE
        started.append(subprocess.Popen([sys.executable, path, *words], text=True, stdout=pipe, stderr=pipe))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


# -- what a candidate may do to its worker ---------------------------------------------------------

TROUBLE = {
    1: "kill",
    2: "segfault",
    3: "hang",
    4: "nan",
    5: "raise",
    6: "memory",
    8: "exit",
    9: "leave",
    10: "kill once",
}
REASONS = {
    1: "the worker process was killed (SIGKILL), as the system does when memory runs out; so did another",
    2: "the worker process crashed: segmentation fault (SIGSEGV) in compiled code; so did another",
    3: "out of time after 2 s: ended, with all that it had started",
    4: "the fitness was nan, not a finite number",
    5: "ZeroDivisionError: division by zero",
    6: "out of memory",
    8: "the worker process ended by itself with exit status 3; so did another",
    9: "SystemExit: the evaluation wanted to end the process",
}


def troubled(folder: Path) -> Callable[..., float]:
    """A fitness that goes wrong in the way that its candidate's number says."""
    modules, trouble, marker = (os, signal, time, ctypes, sys), TROUBLE, str(folder / "marker")

    def evaluate(genome: Any, rng: Any) -> float:
        os, signal, time, ctypes, sys = modules
        kind = trouble.get(genome.number)
        if kind == "kill once" and not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "segfault":
            ctypes.string_at(0)
        if kind == "hang":
            while True:
                time.sleep(1)
        if kind == "nan":
            return float("nan")
        if kind == "raise":
            return 1 / 0
        if kind == "memory":
            return len(bytearray(1 << 62))
        if kind == "exit":
            os._exit(3)
        if kind == "leave":
            sys.exit("enough")
        with open(f"{folder}/{genome.number}.txt", "a") as file:
            file.write(f"{os.getpid()}\n")
        return rng.random()

    return evaluate


@pytest.fixture
def trouble(tmp_path: Path) -> tuple[Callable[..., float], dict[int, str]]:
    """A fitness that goes wrong for some candidates, and how the reasons that are noted begin."""
    return troubled(tmp_path), REASONS
