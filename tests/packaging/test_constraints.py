"""constraints.txt pins every direct dependency, to a version that setup.cfg accepts."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def pins() -> dict[str, str]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def requirements() -> list[Requirement]:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    texts = [parser["options"]["install_requires"], *parser["options.extras_require"].values()]
    parsed = [Requirement(line) for text in texts for line in text.split("\n") if line]
    return [requirement for requirement in parsed if requirement.name != "evonas"]


def test_every_requirement_has_a_floor() -> None:
    assert [str(requirement) for requirement in requirements() if not requirement.specifier] == []


def test_every_requirement_is_pinned_within_its_bounds() -> None:
    pinned = pins()
    unmet = [
        str(requirement)
        for requirement in requirements()
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unmet == []


def test_only_names_and_versions() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "/" in line or "@" in line or line.startswith("-")] == []
