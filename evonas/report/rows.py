"""What a page knows of each candidate, as rows for JSON, and what of a run as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..evolution import PENDING, Candidate, Result

FIELDS = (
    "id",
    "parents",
    "operator",
    "status",
    "fitness",
    "parameters",
    "flops",
    "inherited",
    "epochs",
    "seconds",
    "before",
    "reason",
    "genome",
    "steps",
)
"""The columns of a row, as ``assets/core.js`` reads them."""

Row = list[Any]
"""Values of `FIELDS`, in that order."""


def row_of(candidate: Candidate) -> Row:
    """A candidate as the page has it."""
    origin, result = candidate.genome.origin, candidate.result or Result(PENDING)
    return [
        candidate.number,
        list(origin.parents),
        origin.operator,
        result.status,
        result.fitness,  # whole: it is compared
        result.parameters,
        result.flops,
        _short(result.inherited),
        _short(result.lineage_epochs),
        _short(result.seconds),
        _short(result.metrics.get("accuracy_before")),
        result.reason,
        str(candidate.genome),
        [morphism.describe() for morphism in origin.morphisms],
    ]


def _short(value: float | None) -> float | None:
    """Six digits, which is more than anybody reads; nothing that is compared is shortened."""
    return None if value is None else float(f"{value:.6g}")


def field(row: Row, name: str) -> Any:
    """One value of a row."""
    return row[FIELDS.index(name)]


def ranked(rows: Iterable[Row]) -> list[int]:
    """Numbers of those that were evaluated with success, the best first; of equal ones the earlier."""
    done = [row for row in rows if field(row, "fitness") is not None]
    return [row[0] for row in sorted(done, key=lambda row: (-field(row, "fitness"), row[0]))]


def pareto_front(rows: Iterable[Row], cost: str = "parameters") -> list[int]:
    """Numbers of those than which none is both cheaper and fitter, the cheapest first.

    Args:
        rows: The candidates.
        cost: ``parameters`` or ``flops``.

    >>> def row(number, fitness, parameters):
    ...     return [number, [], "", "done", fitness, parameters]
    >>> pareto_front([row(0, 0.5, 10), row(1, 0.4, 20), row(2, 0.6, 20), row(3, 0.5, 5)])
    [3, 2]
    """
    known = [row for row in rows if field(row, "fitness") is not None and field(row, cost) is not None]
    front, best = [], float("-inf")
    for row in sorted(known, key=lambda row: (field(row, cost), -field(row, "fitness"), row[0])):
        if field(row, "fitness") > best:
            best = field(row, "fitness")
            front.append(row[0])
    return front


def lineage(rows: Sequence[Row], number: int) -> list[int]:
    """A candidate and its ancestors along first parents, the oldest first."""
    line = [number]
    while field(rows[line[-1]], "parents"):
        line.append(field(rows[line[-1]], "parents")[0])
    return line[::-1]
