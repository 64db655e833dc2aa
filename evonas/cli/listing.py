"""`evonas list`: what is installed, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError, nearest
from . import options
from .options import option

if TYPE_CHECKING:
    from ..evolution import Operator
    from .page import Page


def list_names(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="WHAT",
            show_default=False,
            help="genomes, operators, strategies, datasets, genotypes or recipes",
        ),
    ] = None,
    genome: Annotated[str | None, option("NAME", "Operators or genotypes of this genome alone.")] = None,
    operators: options.Operators = None,
) -> None:
    """List what is installed, by name, and what your own files add."""
    from ..evolution import genome_type, operators_from
    from ..settings import check_genomes
    from .page import Page

    if what is None:
        raise UserError(f"WHAT: expected one of {', '.join(LISTINGS)} (evonas list operators), got none")
    if what not in LISTINGS:
        raise UserError(f"{what!r} cannot be listed; {nearest(what, list(LISTINGS))}")
    brought = operators_from(operators or ())
    check_genomes(brought)
    if genome is not None:
        if what not in ("operators", "genotypes"):
            raise UserError(f"genome: expected only with operators or genotypes, got it with {what}")
        genome_type(genome)
    if what == "operators":
        _operators(Page(), brought, genome)
    elif what == "genotypes":
        _genotypes(Page(), genome)
    else:
        LISTINGS[what](Page())


def _print_table(page: Page, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from .page import make_table

    page.table(make_table(columns, rows, names=columns[:1]))


def _first_line(thing: object) -> str:
    return (getattr(thing, "__doc__", None) or "").strip().partition("\n")[0]


def _genomes(page: Page) -> None:
    from ..evolution import genome_type, names, provider

    rows = []
    for name in names("genomes"):
        kind = genome_type(name)
        rows.append((name, _first_line(kind), kind.recipe, provider("genomes", name)))
    _print_table(page, ("name", "what it is", "recipe", "from"), rows)


def _operators(page: Page, brought: Sequence[Operator] = (), only: str | None = None) -> None:
    from ..evolution import Operator, entries, find, provider

    found: list[tuple[Operator, str]] = []
    broken: list[UserError] = []
    for name in entries("operators"):
        try:
            operator = find("operators", name)
        except UserError as error:
            broken.append(error)
            continue
        if isinstance(operator, Operator):
            found.append((operator, provider("operators", name)))
    found += [(operator, operator.source) for operator in brought]
    for genome in dict.fromkeys(operator.genome for operator, _ in found):
        if only not in (None, genome):
            continue
        page.line(genome, bold=True)
        for operator, source in found:
            if operator.genome == genome:
                page.line(f"  {operator.name} ({operator.kind}, weight {operator.weight:g}, {source})")
                page.paragraph(operator.summary or "(it has no docstring)", indent=6)
        if not any(one.kind == "crossover" for one, _ in found if one.genome == genome):
            page.line("  no crossover: p_c, and cxpb in a loop of DEAP's, must be 0")
    for reason in broken:
        page.paragraph(f"left out: {reason}")


def _strategies(page: Page) -> None:
    from ..evolution import names, provider
    from ..settings import strategy_type

    rows = []
    for name in names("strategies"):
        kind = strategy_type(name)
        settings = ", ".join(f"{key}={value}" for key, value in kind.settings.items())
        rows.append((name, _first_line(kind), settings or "-", provider("strategies", name)))
    _print_table(page, ("name", "what it is", "settings", "from"), rows)


def _datasets(page: Page) -> None:
    from ..data import describe_datasets

    rows = [(item.name, item.summary, item.size, item.origin) for item in describe_datasets()]
    _print_table(page, ("name", "what it is", "size", "from"), rows)


def _genotypes(page: Page, only: str | None = None) -> None:
    from ..evolution import genome_type, names
    from .page import genotype_parts

    for genome in names("genomes") if only is None else [only]:
        kind = genome_type(genome)
        called: dict[str, list[str]] = {}  # one genotype may have several
        for name, data in kind.published().items():
            called.setdefault(kind.from_dict(data, kind.default_space()).summary(), []).append(name)
        for genotype, same in called.items():
            page.line(f"{', '.join(same)} ({genome})", bold=True)
            for part in genotype_parts(genotype):
                page.paragraph(part, indent=2)


def _recipes(page: Page) -> None:
    from ..settings import load_recipe, recipe_names

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
