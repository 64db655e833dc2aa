import subprocess
import sys
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
    """The choices of a search with real trainings, as small as they can be."""
    genome = {"cells": 1, "filters": 4, "combinations": 2, "stages": 2}
    return {
        "budget": 6,
        "population": 2,
        "sample": 2,
        "seed": 7,
        "epochs": 1,
        "train_limit": 100,
        "device": "cpu",
        "config": {"genome": genome, "training": {"batch_size": 32}},
    }


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
