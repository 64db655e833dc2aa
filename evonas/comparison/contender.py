"""What is compared: ways to search, each with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import UserError, nearest
from ..evolution import genome_type, names
from ..files import expanded
from ..settings import TABLES, load_recipe, read_recipe, recipe_names
from .own import Own

PAPER = "{genome}"
"""The recipe with a genome's own name holds the settings of its paper."""


@dataclass(frozen=True)
class Contender:
    """One way to search.

    Attributes:
        name: In tables and figures.
        config: A recipe's tables, laid over the genome's own recipe.
        varied: What makes it differ from another of the same name, by key.
        digest: Of all that decides what it finds (`identity.py`); empty where nobody asked.
        own: What it brings that is installed nowhere.
        genome: What it searches for; empty where nobody asked.
        fitness: What tells who gives its fitness: ``training``, ``table`` or a mark of the function.
    """

    name: str
    config: Mapping[str, Any]
    varied: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    own: Own = field(default_factory=Own)
    genome: str = ""
    fitness: str = ""

    @property
    def title(self) -> str:
        """Its name with what was varied."""
        return " ".join([self.name, *(f"{key}={value}" for key, value in self.varied.items())])


def find_contender(name: str, genome: str | None) -> Contender:
    """A contender by what a user calls it.

    Args:
        name: A recipe; or, of a genome's recipes such as ``nasbench201-random``, the part after its name; or
            a strategy, which then takes the settings of the genome's paper where it has such; or FILE.toml.
        genome: The genome that is searched for, where that was said.

    Raises:
        UserError: There is no such thing.
    """
    path = expanded(name)
    if path.suffix == ".toml":
        return Contender(path.stem, _tables(read_recipe(path)))
    known = recipe_names()
    full = f"{genome}-{name}"
    if genome is not None and full in known:
        return Contender(name, {**_tables({}), "recipe": full})
    if name in known and genome in (None, load_recipe(name)["search"].get("genome")):
        return Contender(name, {**_tables({}), "recipe": name})
    if name in names("strategies"):
        kind = genome_type(genome or "amoeba")
        paper = PAPER.format(genome=kind.name)
        tables = _tables({"search": {"strategy": name}})
        return Contender(name, {**tables, "recipe": paper} if paper in known else tables)
    hint = nearest(name, [*known, *names("strategies")])
    raise UserError(f"recipe {name!r}: expected a recipe, a strategy or FILE.toml; {hint}")


def _tables(given: Mapping[str, Any]) -> dict[str, Any]:
    return {table: dict(given.get(table, {})) for table in TABLES}


def empty_tables() -> dict[str, dict[str, Any]]:
    """A recipe's tables with nothing in them."""
    return {table: {} for table in TABLES}
