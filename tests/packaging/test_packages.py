"""What setup.cfg says about the package holds for the tree."""

from __future__ import annotations

import ast
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def config() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def pairs(text: str) -> dict[str, str]:
    lines = [line.split("=") for line in text.split("\n") if line]
    return {key.strip(): value.strip() for key, value in lines}


def folders(config: ConfigParser) -> dict[str, str]:
    """Top-level folder to the package that it installs as."""
    return {folder: package for package, folder in pairs(config["options"]["package_dir"]).items()}


def package_of(folder: Path, config: ConfigParser) -> str:
    top, *below = folder.relative_to(ROOT).parts
    return ".".join([folders(config)[top], *below])


def files_of_tree(config: ConfigParser) -> list[Path]:
    return [
        path
        for top in folders(config)
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]


def listed(config: ConfigParser) -> list[str]:
    return config["options"]["packages"].split()


def test_every_package_of_the_tree_is_listed(config: ConfigParser) -> None:
    in_tree = {package_of(path.parent, config) for path in files_of_tree(config) if path.suffix == ".py"}
    assert in_tree == set(listed(config)), "update `packages` in setup.cfg"
    assert len(listed(config)) == len(set(listed(config)))


def test_every_package_has_an_init(config: ConfigParser) -> None:
    with_code = {path.parent for path in files_of_tree(config) if path.suffix == ".py"}
    assert [folder for folder in with_code if not (folder / "__init__.py").exists()] == []


def test_every_data_file_is_shipped(config: ConfigParser) -> None:
    patterns = {package: text.split() for package, text in config["options.package_data"].items()}
    forgotten = []
    for path in files_of_tree(config):
        if path.suffix == ".py":
            continue
        # A data file belongs to the nearest listed package above it.
        home = next(folder for folder in path.parents if package_of(folder, config) in listed(config))
        mine = patterns.get("*", []) + patterns.get(package_of(home, config), [])
        if not any(fnmatch(path.relative_to(home).as_posix(), pattern) for pattern in mine):
            forgotten.append(path.relative_to(ROOT).as_posix())
    assert forgotten == [], "update `options.package_data` in setup.cfg"


def test_types_are_shipped(config: ConfigParser) -> None:
    assert [top for top in folders(config) if not (ROOT / top / "py.typed").exists()] == []


def test_the_version_is_stated_twice_and_agrees(config: ConfigParser) -> None:
    tree = ast.parse((ROOT / "evonas" / "__init__.py").read_text(encoding="utf-8"))
    stated = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    assert stated == [config["metadata"]["version"]]
