"""Recipes: TOML files that say how a search is run, and the settings that they resolve to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import UserError, nearest
from ..files import read_text

SEARCH_KEYS = (
    "genome",
    "strategy",
    "dataset",
    "layout",
    "train_limit",
    "budget",
    "look_ahead",
    "inherit",
    "seed",
    "start",
    "device",
    "precision",
    "threads",
    "unique",
    "operator_seconds",
    "verify_morphisms",
    "asynchronous",
    "max_parameters",
    "max_flops",
    "max_memory",
    "capture",
    "keep",
    "table",
    "without_damaged",
    "background",
    "kernels",
)
"""What the table ``[search]`` may say."""

ABOUT_KEYS = ("recipe", "summary", "paper", "cost")
TABLES = ("search", "genome", "strategy", "operators", "training", "final")

LARGEST = 2**20
"""Bytes of a recipe file."""

Recipe = dict[str, Any]
"""The tables of a recipe file; missing ones are empty."""


def recipe_names() -> list[str]:
    """The recipes in the box."""
    folder = resources.files(__package__) / "recipes"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """A recipe in the box.

    Raises:
        UserError: There is none of that name.
    """
    names = recipe_names()
    if name not in names:
        raise UserError(f"recipe {name!r} is unknown; {nearest(name, names)}")
    text = (resources.files(__package__) / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    return {**parse_recipe(text, f"recipe {name}"), "recipe": name}


def read_recipe(path: Path) -> Recipe:
    """A recipe from a user's file.

    Raises:
        UserError: It cannot be read, is no TOML, or has an unknown table or key.
    """
    return parse_recipe(read_text(path, f"config {path}", LARGEST), f"config {path}")


def parse_recipe(text: str, where: str) -> Recipe:
    """The tables of a recipe's text, checked for misspelt names.

    Raises:
        UserError: It is no TOML, or has an unknown table or key; the message names the nearest valid one.
    """
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise UserError(f"{where}: no valid TOML: it is nested too deeply") from None
    except ValueError as error:  # among them numbers of more digits than Python reads
        raise UserError(f"{where}: no valid TOML: {error}") from None
    return checked(found, where)


def checked(found: Mapping[str, Any], where: str) -> Recipe:
    """The tables of a recipe, checked for misspelt names; missing ones are added.

    Raises:
        UserError: A table or a key of ``[search]`` is unknown; the message names the nearest valid one.
    """
    known = [*ABOUT_KEYS, *TABLES]
    for key, value in found.items():
        if key not in known:
            raise UserError(f"{where}: {key!r} is unknown; {nearest(key, known)}")
        if not isinstance(value, Mapping if key in TABLES else str):
            kind = "table" if key in TABLES else "text"
            raise UserError(f"{where}: expected {key!r} to be a {kind}, got {value!r:.60}")
    for key in found.get("search", {}):
        if key not in SEARCH_KEYS:
            raise UserError(f"{where} [search]: {key!r} is unknown; {nearest(key, SEARCH_KEYS)}")
    return {**{table: {} for table in TABLES}, **found}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Recipe:
    """One recipe over another: its keys win, table by table."""
    result = {**base, **{key: value for key, value in over.items() if key not in TABLES}}
    for table in TABLES:
        result[table] = {**base.get(table, {}), **over.get(table, {})}
    return result
