"""Workers ask for huge pages, and the process that starts them is left as it is."""

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evonas.search.executors import huge_pages
from evonas.search.executors.huge_pages import asked_for, memory_of_workers

VARIABLE = "GLIBC_TUNABLES"
OURS = "glibc.malloc.hugetlb=1"
OTHER = "glibc.malloc.arena_max=3"


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system that has huge pages; the file that says so."""
    switch = tmp_path / "enabled"
    switch.write_text("always [madvise] never\n")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(huge_pages, "ENABLED", switch)
    monkeypatch.delenv(VARIABLE, raising=False)
    return switch


def launched_with() -> str | None:
    """What a process that was launched now would have; the environment is as before afterwards."""
    before = dict(os.environ)
    with asked_for():
        found = os.environ.get(VARIABLE)
    assert dict(os.environ) == before
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has them")
@pytest.mark.parametrize("own", [None, OTHER, "glibc.malloc.hugetlb=0"])
def test_a_worker_has_them_and_whoever_launched_it_has_not(
    search: Callable[..., Any], tmp_path: Path, able: Path, monkeypatch: pytest.MonkeyPatch, own: str | None
) -> None:
    if own:
        monkeypatch.setenv(VARIABLE, own)
    os_, json_, file = os, json, tmp_path / "environment.json"

    def evaluate(genome: Any, rng: Any) -> float:
        found = {"variables": dict(os_.environ), "parent": os_.getppid()}
        file.write_text(json_.dumps(found))
        return 1.0

    before = dict(os.environ)
    search(evaluate, budget=4, workers=1)
    assert dict(os.environ) == before
    found = json.loads(file.read_text())
    assert found["parent"] == os.getpid()
    expected = {None: OURS, OTHER: f"{OTHER}:{OURS}"}.get(own, own)
    assert found["variables"].pop(VARIABLE) == expected
    before.pop(VARIABLE, None)
    assert {name: found["variables"].get(name) for name in before} == before


def test_what_a_user_says_of_them_holds(able: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched_with() == OURS
    assert memory_of_workers() == f"huge pages ({VARIABLE}={OURS})"
    monkeypatch.setenv(VARIABLE, "")
    assert launched_with() == OURS
    monkeypatch.setenv(VARIABLE, OTHER)
    assert launched_with() == f"{OTHER}:{OURS}"
    for own in ("glibc.malloc.hugetlb=0", f"{OTHER}:glibc.malloc.hugetlb=2"):
        monkeypatch.setenv(VARIABLE, own)
        assert launched_with() == own
        assert memory_of_workers() == f"as {VARIABLE} says: {own.split(':')[-1]}"


def test_a_launch_that_fails_leaves_nothing(able: Path) -> None:
    with pytest.raises(OSError, match="no process"), asked_for():
        raise OSError("no process")
    assert VARIABLE not in os.environ


@pytest.mark.parametrize(
    ("library", "why"),
    [
        (("glibc", "2.34"), "huge ones need glibc 2.35 or newer, here is glibc 2.34"),
        (("glibc", "2.9"), "huge ones need glibc 2.35 or newer, here is glibc 2.9"),
        (("", ""), "huge ones need glibc 2.35 or newer, here is another library"),
    ],
)
def test_other_libraries_are_not_asked(
    able: Path, monkeypatch: pytest.MonkeyPatch, library: tuple[str, str], why: str
) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    assert launched_with() is None
    assert memory_of_workers() == f"ordinary pages: {why}"


def test_a_kernel_that_has_none_is_not_asked(able: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    able.write_text("always madvise [never]\n")
    assert launched_with() is None
    assert memory_of_workers() == f"ordinary pages: transparent huge pages are turned off ({able})"
    able.unlink()
    assert launched_with() is None
    assert memory_of_workers() == "ordinary pages: the kernel has no transparent huge pages"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert launched_with() is None
    assert memory_of_workers() == "ordinary pages: huge ones are asked for on Linux alone"
