"""A comparison: contenders, their records, and what these have in common."""

from __future__ import annotations

import itertools
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ..errors import UserError
from ..run import environment
from ..tables import Figures
from .record import Record
from .statistics import Array, Pair, at

TARGET_SHARE = 0.001
"""Unless told otherwise, the target is the validation accuracy of the best so many of a table."""


@dataclass(frozen=True)
class Comparison:
    """The records of several contenders.

    Attributes:
        records: By contender, in the order of tables.
        points: Numbers of evaluations at which contenders are compared, the last one being the whole search.
        figures: The table that fitness came from, where it did.
        target: The fitness whose reaching counts; None for none.
        about: What was searched for, and how, in words.
        varied: Of each contender, what was varied, by key; empty where nothing was.
        accuracies: Whether fitness is an accuracy, and no function of somebody's own.
    """

    records: Mapping[str, Sequence[Record]]
    points: Sequence[int]
    figures: Figures | None
    target: float | None
    about: str
    varied: Mapping[str, Mapping[str, Any]]
    accuracies: bool = True

    @property
    def outcome(self) -> str:
        """What contenders are judged by: ``test`` where a table has it, else ``fitness``."""
        return "test" if self.figures is not None and self.figures.test else "fitness"

    @property
    def whole(self) -> int:
        """Evaluations of a whole search."""
        return self.points[-1]

    def outcomes(self, point: float) -> dict[str, Array]:
        """What each contender's searches had come to at a point, in percent; NaN without a result."""
        return {
            name: 100 * at(records, [point], self.outcome)[:, 0] for name, records in self.records.items()
        }

    def pairs(self, point: float) -> list[Pair]:
        """Contenders of at least two searches each, against each other by their outcomes at a point."""
        values = {name: self._ranked(records, point) for name, records in self.records.items()}
        word = "test accuracy" if self.outcome == "test" else "validation accuracy"
        return _all_pairs(values, f"{word} at {point} evaluations")

    def final_pairs(self) -> list[Pair]:
        """Likewise, by retrained winners where both contenders have such of one protocol, else at the end."""
        found = []
        for pair in self.pairs(self.whole):
            one, other = (retrained(self.records[name]) for name in (pair.first, pair.second))
            if one and other and one.complete and other.complete and one.protocol == other.protocol:
                by = f"retrained winners, protocol {one.protocol}" if one.protocol else "retrained winners"
                pair = Pair(pair.first, pair.second, one.ranked, other.ranked, by)
            found.append(pair)
        return found

    def _ranked(self, records: Sequence[Record], point: float) -> Array:
        values = 100 * at(records, [point], self.outcome)[:, 0]
        values[np.isnan(at(records, [point], "fitness")[:, 0])] = -math.inf
        return values


@dataclass(frozen=True)
class Retrained:
    """What the winners of a contender's searches came to, trained again by one protocol.

    Attributes:
        protocol: Which.
        values: Test accuracy in percent; NaN where a winner was not trained again, or there is none.
        ranked: The same, with minus infinity for searches that found nothing.
    """

    protocol: str
    values: Array
    ranked: Array

    @property
    def complete(self) -> bool:
        """Whether all winners were trained again."""
        return not np.isnan(self.ranked).any()


def retrained(records: Sequence[Record]) -> Retrained | None:
    """What winners came to; None where none was trained again, or not all by the same protocol."""
    protocols = {record.protocol for record in records if record.retrained is not None}
    if len(protocols) != 1:
        return None
    values = 100 * np.array([record.retrained for record in records], dtype=float)
    nothing = np.array([not record.steps for record in records])
    return Retrained(protocols.pop(), values, np.where(nothing, -math.inf, values))


def _all_pairs(values: Mapping[str, Array], by: str) -> list[Pair]:
    several = [name for name, found in values.items() if len(found) > 1]
    return [
        Pair(first, second, values[first], values[second], by)
        for first, second in itertools.combinations(several, 2)
    ]


def compared(
    records: Sequence[Record],
    points: Sequence[int] = (),
    figures: Figures | None = None,
    target: float | None = None,
    about: str = "",
    varied: Mapping[str, Mapping[str, Any]] | None = None,
    accuracies: bool = True,
) -> Comparison:
    """A comparison of records, by contender.

    Args:
        records: Of all contenders.
        points: Numbers of evaluations at which to compare; those that no search has come to are left out.
        figures: The table that fitness came from.
        target: A fitness, in [0, 1]; by default, that of the best thousandth of the table.
        about: What was searched for, in words.
        varied: What was varied, by contender.
        accuracies: Whether fitness is an accuracy, and no function of somebody's own.

    Raises:
        UserError: There is no record.
    """
    if not records:
        raise UserError("compare: expected at least one search that has ended, got none")
    by_name: dict[str, list[Record]] = {}
    for record in records:
        by_name.setdefault(record.contender, []).append(record)
    for found in by_name.values():
        found.sort(key=lambda record: record.seed)
    whole = min(record.evaluations for record in records)
    if figures is not None and not figures.valid:  # no search can have found anything in it
        figures = None
    if target is None and figures is not None:
        ordered = sorted(figures.valid.values(), reverse=True)
        target = ordered[max(0, round(TARGET_SHARE * len(ordered)) - 1)]
    places = sorted({point for point in points if point < whole} | {whole})
    return Comparison(by_name, places, figures, target, about, varied or {}, accuracies)


def made_with() -> str:
    """Versions and machine, in one line."""
    known = environment()
    cores = f"{known['machine']} {known['system']}"
    packages = ", ".join(f"{name} {known[name]}" for name in ("evonas", "torch", "numpy", "deap"))
    return f"{packages}, scipy {version('scipy')}, Python {platform.python_version()}, {cores}"
