import re
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pytest

from evonas.evolution import registry


def test_it_says_what_would_be_used(evonas: Callable[..., Any]) -> None:
    ended = evonas("doctor")
    assert ended.status == 0 and not ended.err
    for words in (f"torch          {version('torch')}", "Devices\n  cpu", "device     ", "none found"):
        assert words in ended.out


def test_it_says_where_kernels_are_kept_and_what_memory_workers_have(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVONAS_CACHE", str(tmp_path))
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")
    told = "".join(evonas("doctor").out.split())  # a long path is broken into lines
    assert f"kernelcache{tmp_path}/kernels" in told
    assert "memoryofworkersasGLIBC_TUNABLESsays:glibc.malloc.hugetlb=0" in told
    monkeypatch.setenv("EVONAS_CACHE", "")
    assert "kernel cache       none, each process compiles its own: turned off" in evonas("doctor").out


def test_what_is_missing_is_named(evonas: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def found(package: str) -> str:
        if package in ("onnx", "deap", "pebble"):
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr("evonas.cli.doctor.version", found)
    ended = evonas("doctor")
    assert ended.status == 1
    assert "missing onnx: python -m pip install" in ended.out and "deap is not installed" in ended.out
    assert "pebble is not installed" in ended.out


def test_all_that_is_needed_is_listed(evonas: Callable[..., Any]) -> None:
    declared = {re.split("[ <>=!~;]", line)[0] for line in requires("evonas") or () if "extra" not in line}
    listed = evonas("doctor").out.partition("Extras")[0].partition("Needed")[2].split()[::2]
    assert declared == set(listed) and len(listed) > 15


def test_a_pytorch_that_does_not_start_is_a_problem(
    evonas: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as where a library of it is missing
    ended = evonas("doctor")
    assert ended.status == 1 and not ended.err
    assert "torch is installed and cannot be imported: " in ended.out


def test_what_is_registered_and_broken_is_a_problem(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd-1.0.dist-info").mkdir()
    (tmp_path / "odd-1.0.dist-info" / "METADATA").write_text("Name: odd\nVersion: 1.0\n")
    (tmp_path / "odd-1.0.dist-info" / "entry_points.txt").write_text(
        "[evonas.genomes]\nno-genome = json:dumps\n[evonas.morphisms]\nodd = nowhere_to_be_found\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry.entries.cache_clear()
    try:
        ended = evonas("doctor")
    finally:
        monkeypatch.undo()
        registry.entries.cache_clear()
    told = " ".join(ended.out.split())
    assert ended.status == 1 and not ended.err
    assert "genome 'no-genome': expected a subclass of Genome, got <function dumps" in told
    assert "morphisms 'odd' (nowhere_to_be_found) cannot be loaded: No module named" in told


def test_every_extra_is_listed_with_what_it_needs(evonas: Callable[..., Any]) -> None:
    from evonas.cli.doctor import EXTRAS

    declared: dict[str, set[str]] = {}
    for line in requires("evonas") or ():
        if found := re.match(r"([\w-]+).*extra == ['\"]([\w-]+)['\"]", line):
            declared.setdefault(found[2], set()).add(found[1])
    del declared["dev"], declared["docs"]  # for those who work on evonas itself
    assert declared.keys() == EXTRAS.keys()
    for name, (packages, _) in EXTRAS.items():
        assert declared[name] - {"evonas"} <= set(packages), name
        assert f"{name}, for " in evonas("doctor").out
