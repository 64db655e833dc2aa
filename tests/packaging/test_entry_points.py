"""Every name that setup.cfg registers is installed and loads."""

from __future__ import annotations

from configparser import ConfigParser
from importlib.metadata import EntryPoint, distribution
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def registered() -> list[EntryPoint]:
    parser = ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return [
        EntryPoint(name.strip(), value.strip(), group)
        for group, text in parser["options.entry_points"].items()
        for name, value in (line.split("=") for line in text.split("\n") if line)
    ]


@pytest.mark.parametrize("entry_point", registered(), ids=lambda point: f"{point.group}:{point.name}")
def test_it_loads(entry_point: EntryPoint) -> None:
    loaded = entry_point.load()
    assert isinstance(loaded, ModuleType) if entry_point.group == "evonas.morphisms" else callable(loaded)


def test_the_installed_ones_are_those_of_setup_cfg() -> None:
    installed = {(point.group, point.name, point.value) for point in distribution("evonas").entry_points}
    expected = {(point.group, point.name, point.value) for point in registered()}
    assert installed == expected, "install again: pip install --no-deps --editable ."
