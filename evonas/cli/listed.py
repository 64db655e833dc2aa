"""What `evonas list` lists, as rows of plain values: what `--json` prints, and what the pages are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import UserError

if TYPE_CHECKING:
    from ..evolution import Genome, Operator

Row = dict[str, Any]


def first_line(thing: object) -> str:
    """The first line of a docstring; empty for none."""
    return (getattr(thing, "__doc__", None) or "").strip().partition("\n")[0]


def genomes() -> list[Row]:
    """Each genome: what it is and is good for, and how large its networks are on the default images."""
    from ..evolution import genome_type, names, provider

    found = []
    for name in names("genomes"):
        kind = genome_type(name)
        about = {"name": name, "summary": first_line(kind), "good_for": kind.good_for or None}
        source = {"recipe": kind.recipe or None, "from": provider("genomes", name)}
        found.append({**about, **_sizes(kind), **source})
    return found


def _sizes(kind: type[Genome]) -> Row:
    """How large its networks are; None for what cannot be said, with the reason."""
    from ..settings import Sizes, sizes_of

    try:
        return {**asdict(sizes_of(kind)), "no_sizes": None}
    except Exception as error:  # of code that others wrote, for other images perhaps
        reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return {**asdict(Sizes()), "no_sizes": reason}


def operators(brought: Sequence[Operator] = (), only: str | None = None) -> tuple[list[Row], list[str]]:
    """Each operator, those of one genome together; and why others could not be loaded.

    Args:
        brought: Those of the caller's files, beside the installed ones.
        only: A genome's; None for all.
    """
    from ..evolution import Operator, entries, find, provider

    found: list[tuple[Operator, str]] = []
    broken: list[str] = []
    for name in entries("operators"):
        try:
            operator = find("operators", name)
        except UserError as error:
            broken.append(str(error))
            continue
        if isinstance(operator, Operator):
            found.append((operator, provider("operators", name)))
    found += [(operator, operator.source) for operator in brought]
    order = list(dict.fromkeys(operator.genome for operator, _ in found))
    rows = [
        {
            "genome": operator.genome,
            "name": operator.name,
            "kind": operator.kind,
            "weight": operator.weight,
            "summary": operator.summary or None,
            "from": source,
        }
        for operator, source in found
        if only in (None, operator.genome)
    ]
    return sorted(rows, key=lambda row: order.index(row["genome"])), broken


def strategies() -> list[Row]:
    """Each strategy, with the settings that it takes and their defaults."""
    from ..evolution import names, provider
    from ..settings import strategy_type

    found = []
    for name in names("strategies"):
        kind = strategy_type(name)
        about = {"name": name, "summary": first_line(kind), "settings": dict(kind.settings)}
        found.append({**about, "from": provider("strategies", name)})
    return found


def datasets() -> list[Row]:
    """Each dataset, those in files and folders included."""
    from ..data import describe_datasets

    return [
        {"name": item.name, "summary": item.summary, "size": item.size, "from": item.origin}
        for item in describe_datasets()
    ]


def genotypes(only: str | None = None) -> list[Row]:
    """Each published genotype with its names, of which one may have several.

    Args:
        only: A genome's; None for all.
    """
    from ..evolution import genome_type, names

    found = []
    for genome in names("genomes") if only is None else [only]:
        kind = genome_type(genome)
        called: dict[str, list[str]] = {}
        for name, data in kind.published().items():
            called.setdefault(kind.from_dict(data, kind.default_space()).summary(), []).append(name)
        found += [
            {"names": same, "genome": genome, "genotype": genotype} for genotype, same in called.items()
        ]
    return found


def recipes() -> list[Row]:
    """Each recipe, with what it says of itself."""
    from ..settings import load_recipe, recipe_names

    found = []
    for name in recipe_names():
        recipe = load_recipe(name)
        about = {key: recipe.get(key) for key in ("summary", "cost", "paper")}
        found.append({"name": name, "genome": recipe["search"].get("genome"), **about})
    return found
