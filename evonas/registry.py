"""Finding genomes, operators and strategies by name, through entry points.

What ships with evonas comes through the same door as what other packages install.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .errors import UserError, nearest
from .genome import Genome
from .operator import Operator

_ONE_OF = {"genomes": "genome", "operators": "operator", "strategies": "strategy", "datasets": "dataset"}


@cache
def entries(group: str) -> dict[str, EntryPoint]:
    """The entry points of one group, such as ``genomes``, by name."""
    found = entry_points(group=f"evonas.{group}")
    return {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}


def find(group: str, name: str) -> Any:
    """Loads what an installed package offers under a name.

    Args:
        group: ``genomes``, ``operators``, ``strategies`` or ``datasets``.
        name: As listed.

    Raises:
        UserError: Nothing has that name, or it cannot be loaded.
    """
    known = entries(group)
    if not isinstance(name, str) or name not in known:
        raise UserError(f"{_ONE_OF[group]} {name!r} is unknown; {nearest(name, list(known))}")
    try:
        return known[name].load()
    except Exception as error:
        raise UserError(
            f"{_ONE_OF[group]} {name!r} ({known[name].value}) cannot be loaded: {error}"
        ) from error


def genome_type(name: str) -> type[Genome]:
    """The genome class of a name.

    Raises:
        UserError: There is none, or it is no genome.
    """
    found = find("genomes", name)
    if not isinstance(found, type) or not issubclass(found, Genome):
        raise UserError(f"genome {name!r}: expected a subclass of Genome, got {found!r}")
    return found


def operators_for(genome: str) -> list[Operator]:
    """The installed operators that vary a kind of genome, by name."""
    found = [find("operators", name) for name in entries("operators")]
    return [operator for operator in found if isinstance(operator, Operator) and operator.genome == genome]


def provider(group: str, name: str) -> str:
    """The installed package and version that an entry comes from."""
    distribution = entries(group)[name].dist
    return f"{distribution.name} {distribution.version}" if distribution else "unknown"
