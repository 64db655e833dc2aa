"""Genomes by name, and the operators that vary them: installed ones, and those that a caller brings."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from ..errors import UserError
from .contracts import check_whole
from .genome import Genome
from .offers import entries, find
from .operator import Operator


def genome_type(name: str) -> type[Genome]:
    """The genome class of a name.

    Raises:
        UserError: There is none, or it is no genome, or lacks a method.
    """
    found = find("genomes", name)
    if not isinstance(found, type) or not issubclass(found, Genome):
        raise UserError(f"genome {name!r}: expected a subclass of Genome, got {found!r}")
    check_whole(found, f"genome {name!r}")
    return found


def operators_for(genome: str, extra: Iterable[Operator] = ()) -> list[Operator]:
    """The operators that vary a kind of genome, by name.

    An installed one that cannot be loaded is left out with a warning: it may be meant for another genome.

    Args:
        genome: The kind.
        extra: Others than the installed ones; of the same name, they take their place.
    """
    found: dict[str, Operator] = {}
    for name in entries("operators"):
        try:
            operator = find("operators", name)
        except UserError as error:
            warnings.warn(f"{error} (left out)", RuntimeWarning, stacklevel=2)
            continue
        if isinstance(operator, Operator) and operator.genome == genome:
            found[operator.name] = operator
    found |= {operator.name: operator for operator in extra if operator.genome == genome}
    return [found[name] for name in sorted(found)]
