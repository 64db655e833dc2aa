"""`evonas list`: what is installed, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UserError, nearest
from . import listed, options
from .listed import Row
from .options import option
from .saying import say

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
    as_json: options.Json = False,
) -> None:
    """List what is installed, by name, and what your own files add."""
    from ..evolution import genome_type, operators_from
    from ..settings import check_genomes

    if what is None:
        raise UserError(f"WHAT: expected one of {', '.join(WHATS)} (evonas list operators), got none")
    if what not in WHATS:
        raise UserError(f"{what!r} cannot be listed; {nearest(what, WHATS)}")
    brought = operators_from(operators or ())
    check_genomes(brought)
    if genome is not None:
        if what not in ("operators", "genotypes"):
            raise UserError(f"genome: expected only with operators or genotypes, got it with {what}")
        genome_type(genome)
    found = _found(what, brought, genome)
    if as_json:
        say(json.dumps(found, default=str))  # a strategy of somebody's may have any setting
    else:
        from .page import Page

        PAGES[what](Page(), **found)


def _found(what: str, brought: Sequence[Operator], genome: str | None) -> dict[str, Any]:
    """What is listed, by the name of its kind; with the operators, those that could not be loaded."""
    if what == "operators":
        rows, broken = listed.operators(brought, genome)
        return {what: rows, "left_out": broken}
    if what == "genotypes":
        return {what: listed.genotypes(genome)}
    return {what: ROWS[what]()}


def _print_table(page: Page, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from .page import make_table

    page.table(make_table(columns, rows, names=columns[:1]))


def _genomes(page: Page, genomes: list[Row]) -> None:
    for row in genomes:
        page.line(f"{row['name']} (recipe {row['recipe'] or '-'}, {row['from']})", bold=True)
        page.paragraph(row["summary"] or "(it has no docstring)", indent=2)
        page.paragraph(f"good for: {row['good_for'] or '-'}", indent=2)
        page.paragraph(f"size: {_size(row)}", indent=2)
    page.line()
    page.paragraph(
        "size: of networks for the digits, in the space of the recipe; the usual one is the median of some "
        "that are drawn at random. Multiplications and additions count apart, for one image."
    )


def _size(row: Row) -> str:
    """The sizes of a genome's networks, in words."""
    from ..results import amount

    if row["no_sizes"]:
        return f"- ({row['no_sizes']})"
    parts = []
    for what, size in (("smallest", row["smallest"]), ("usual", row["usual"])):
        if size is not None:
            parts.append(f"{what} {amount(size['parameters'])} parameters, {amount(size['flops'])} FLOPs")
    if row["most"] is not None:
        parts.append(f"grows to at most {amount(row['most'])} parameters")
    return "; ".join(parts) or "-"


def _operators(page: Page, operators: list[Row], left_out: list[str]) -> None:
    for genome in dict.fromkeys(row["genome"] for row in operators):
        page.line(genome, bold=True)
        own = [row for row in operators if row["genome"] == genome]
        for row in own:
            page.line(f"  {row['name']} ({row['kind']}, weight {row['weight']:g}, {row['from']})")
            page.paragraph(row["summary"] or "(it has no docstring)", indent=6)
        if not any(row["kind"] == "crossover" for row in own):
            page.line("  no crossover: p_c, and cxpb in a loop of DEAP's, must be 0")
    for reason in left_out:
        page.paragraph(f"left out: {reason}")


def _strategies(page: Page, strategies: list[Row]) -> None:
    rows = []
    for row in strategies:
        settings = ", ".join(f"{key}={value}" for key, value in row["settings"].items())
        rows.append((row["name"], row["summary"], settings or "-", row["from"]))
    _print_table(page, ("name", "what it is", "settings", "from"), rows)


def _datasets(page: Page, datasets: list[Row]) -> None:
    rows = [(row["name"], row["summary"], row["size"], row["from"]) for row in datasets]
    _print_table(page, ("name", "what it is", "size", "from"), rows)


def _genotypes(page: Page, genotypes: list[Row]) -> None:
    from .page import genotype_parts

    for row in genotypes:
        page.line(f"{', '.join(row['names'])} ({row['genome']})", bold=True)
        for part in genotype_parts(row["genotype"]):
            page.paragraph(part, indent=2)


def _recipes(page: Page, recipes: list[Row]) -> None:
    rows = []
    for row in recipes:
        about = " ".join(f"{row[key]}." for key in ("summary", "cost", "paper") if row[key] is not None)
        rows.append((row["name"], row["genome"] or "-", about))
    _print_table(page, ("name", "genome", "what it is"), rows)


ROWS: dict[str, Callable[[], list[Row]]] = {
    "genomes": listed.genomes,
    "strategies": listed.strategies,
    "datasets": listed.datasets,
    "recipes": listed.recipes,
}
PAGES: dict[str, Callable[..., None]] = {
    "genomes": _genomes,
    "operators": _operators,
    "strategies": _strategies,
    "datasets": _datasets,
    "genotypes": _genotypes,
    "recipes": _recipes,
}
WHATS = list(PAGES)
