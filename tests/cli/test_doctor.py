import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest


def test_it_says_what_would_be_used(evonas: Callable[..., Any]) -> None:
    ended = evonas("doctor")
    assert ended.status == 0 and not ended.err
    for words in (f"torch         {version('torch')}", "Devices\n  cpu", "device     ", "none found"):
        assert words in ended.out


def test_what_is_missing_is_named(evonas: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def found(package: str) -> str:
        if package in ("onnx", "deap"):
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr("evonas.cli.doctor.version", found)
    ended = evonas("doctor")
    assert ended.status == 1
    assert "missing onnx: python -m pip install" in ended.out and "deap is not installed" in ended.out


def test_every_extra_is_listed_with_what_it_needs(evonas: Callable[..., Any]) -> None:
    from importlib.metadata import requires

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
