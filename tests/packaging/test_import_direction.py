"""Imports go one way: evonas <- genomes <- operators; the engine finds the others through entry points."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALLS_AS = {"evonas": "evonas", "genomes": "evonas.genomes", "operators": "evonas.operators"}
FORBIDDEN = {
    "evonas": ("evonas.genomes", "evonas.operators", "genomes", "operators"),
    "genomes": ("evonas.operators", "genomes", "operators"),
    "operators": ("genomes", "operators"),
}


def imported(path: Path, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield node.lineno, base
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def violations(folder: Path, package: str, forbidden: tuple[str, ...]) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        below = path.parent.relative_to(folder).parts
        for line, name in imported(path, ".".join([package, *below])):
            if any(name == other or name.startswith(f"{other}.") for other in forbidden):
                found.append(f"{path.relative_to(folder.parent)}:{line} imports {name}")
    return found


@pytest.mark.parametrize("top", list(INSTALLS_AS))
def test_nothing_is_imported_against_the_direction(top: str) -> None:
    assert violations(ROOT / top, INSTALLS_AS[top], FORBIDDEN[top]) == []


@pytest.mark.parametrize(
    "code",
    [
        "import evonas.operators.amoeba",
        "from evonas import operators",
        "from evonas.operators import amoeba",
        "from ... import operators",
        "from ...operators.amoeba import operation",
        "def later():\n    from operators import amoeba",
    ],
)
def test_a_violation_is_seen(code: str, tmp_path: Path) -> None:
    folder = tmp_path / "genomes" / "cells"
    folder.mkdir(parents=True)
    (folder / "cell.py").write_text(code, encoding="utf-8")
    found = violations(tmp_path / "genomes", "evonas.genomes", FORBIDDEN["genomes"])
    assert found and found[0].startswith("genomes/cells/cell.py:")
