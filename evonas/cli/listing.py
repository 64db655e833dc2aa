"""`evonas list`: what is installed, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError, nearest

if TYPE_CHECKING:
    from .page import Page


def list_names(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            show_default=False,
            help="genomes, operators, strategies, datasets, genotypes or recipes",
        ),
    ],
) -> None:
    """List what is installed, by name."""
    from .page import Page

    if what not in LISTINGS:
        raise UserError(f"{what!r} cannot be listed; {nearest(what, list(LISTINGS))}")
    LISTINGS[what](Page())


def _print_table(page: Page, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from .page import make_table

    page.table(make_table(columns, rows))


def _first_line(thing: object) -> str:
    return (getattr(thing, "__doc__", None) or "").strip().partition("\n")[0]


def _genomes(page: Page) -> None:
    from ..registry import entries, genome_type, provider

    rows = []
    for name in entries("genomes"):
        kind = genome_type(name)
        rows.append((name, _first_line(kind), kind.recipe, provider("genomes", name)))
    _print_table(page, ("name", "what it is", "recipe", "from"), rows)


def _operators(page: Page) -> None:
    from ..operator import Operator
    from ..registry import entries, find

    rows = []
    for name in entries("operators"):
        operator = find("operators", name)
        if isinstance(operator, Operator):
            rows.append((name, operator.genome, operator.kind, f"{operator.weight:g}", operator.summary))
    _print_table(page, ("name", "varies", "kind", "weight", "what it does"), rows)


def _strategies(page: Page) -> None:
    from ..registry import entries
    from ..settings import strategy_type

    rows = []
    for name in entries("strategies"):
        kind = strategy_type(name)
        settings = ", ".join(f"{key}={value}" for key, value in kind.settings.items())
        rows.append((name, _first_line(kind), settings or "-"))
    _print_table(page, ("name", "what it is", "settings"), rows)


def _datasets(page: Page) -> None:
    from ..data import describe_datasets

    rows = [(item.name, item.summary, item.size, item.origin) for item in describe_datasets()]
    _print_table(page, ("name", "what it is", "size", "from"), rows)


def _genotypes(page: Page) -> None:
    from ..registry import entries, genome_type

    for genome in entries("genomes"):
        kind = genome_type(genome)
        names: dict[str, list[str]] = {}  # one genotype may have several
        for name, data in kind.published().items():
            names.setdefault(str(kind.from_dict(data, kind.default_space())), []).append(name)
        for genotype, same in names.items():
            page.line(f"{', '.join(same)} ({genome})", bold=True)
            for part in genotype.split(" | "):
                page.paragraph(part, indent=2)


def _recipes(page: Page) -> None:
    from ..recipe import load_recipe, recipe_names

    rows = []
    for name in recipe_names():
        recipe = load_recipe(name)
        about = " ".join(f"{recipe[key]}." for key in ("summary", "cost", "paper") if key in recipe)
        rows.append((name, str(recipe["search"].get("genome", "-")), about))
    _print_table(page, ("name", "genome", "what it is"), rows)


LISTINGS: dict[str, Callable[[Page], None]] = {
    "genomes": _genomes,
    "operators": _operators,
    "strategies": _strategies,
    "datasets": _datasets,
    "genotypes": _genotypes,
    "recipes": _recipes,
}
