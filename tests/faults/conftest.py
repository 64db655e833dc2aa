"""Searches that meet a fault, on every executor."""

import contextlib
import importlib.util
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import evonas
from evonas.results.result import SearchResult

HOW: dict[str, Any] = {
    "needs": "genome", "budget": 12, "population": 4, "sample": 2, "seed": 3, "look_ahead": 4,
}  # fmt: skip
EXECUTORS = {"serial": {}, "processes": {"workers": 2}, "ray": {"ray": "local"}}


@pytest.fixture(params=["serial", "processes", pytest.param("ray", marks=pytest.mark.slow)])
def executor(request: pytest.FixtureRequest) -> str:
    """Where candidates are evaluated."""
    if request.param == "ray" and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (evonas[ray])")
    return str(request.param)


@pytest.fixture(scope="session")
def rows() -> Callable[[SearchResult], list[dict[str, Any]]]:
    """A history as plain JSON, times aside."""

    def read(result: SearchResult) -> list[dict[str, Any]]:
        found = [{k: v for k, v in row.items() if "seconds" not in k} for row in result.history]
        with contextlib.suppress(AttributeError):
            result.journal.close()
        return json.loads(json.dumps(found))

    return read


@pytest.fixture
def search() -> Callable[..., SearchResult]:
    """Evolves genotypes by a function, on an executor."""

    def run(executor: str, evaluate: Callable[..., Any], **choices: Any) -> SearchResult:
        return evonas.evolve("amoeba", evaluate=evaluate, **{**HOW, **EXECUTORS[executor], **choices})

    return run


@pytest.fixture
def go_on() -> Callable[..., SearchResult]:
    """Resumes a run on an executor."""

    def run(executor: str, folder: Path, evaluate: Callable[..., Any], **choices: Any) -> Any:
        how = {**EXECUTORS[executor], **choices}
        return evonas.resume(folder, evaluate=evaluate, needs="genome", **how)

    return run


class Disk:
    """A small file system of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def change(self, options: str) -> None:
        """Mounts it otherwise, such as larger or read-only."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system in memory of 256 kB; needs the right to mount, as in CI."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    made = os.name == "posix" and subprocess.run(command, capture_output=True).returncode == 0
    if not made:
        pytest.skip("this user may not mount a file system; the fail points stand in for it")
    yield Disk(place)
    subprocess.run(["umount", "-l", str(place)], check=True)
