"""A comparison: contenders, their records, and what these have in common."""

from __future__ import annotations

import itertools
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from ..errors import UserError
from ..run import environment
from ..tables import Figures
from .record import Record
from .statistics import Array, Band, Bounds, Pair, at, band, mean_ranks, with_result
from .winners import RETRAINED, retrained

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
        bounds: The least and the most that a function's fitness can be; None where that is not known.
        fitness: By contender, what tells who gave its fitness; empty where all have the same.
    """

    records: Mapping[str, Sequence[Record]]
    points: Sequence[int]
    figures: Figures | None
    target: float | None
    about: str
    varied: Mapping[str, Mapping[str, Any]]
    accuracies: bool = True
    bounds: Bounds | None = None
    fitness: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """What contenders are judged by: ``test`` where a table has it, else ``fitness``."""
        return "test" if self.figures is not None and self.figures.test else "fitness"

    @property
    def whole(self) -> int:
        """Evaluations of a whole search."""
        return self.points[-1]

    @property
    def scale(self) -> int:
        """By what outcomes are multiplied to be shown: accuracies are shown in percent."""
        return 100 if self.accuracies else 1

    @property
    def percent(self) -> str:
        """The unit of what is shown, to follow a name."""
        return ", %" if self.accuracies else ""

    def text(self, value: float) -> str:
        """A value as it is shown, or a difference of two: an accuracy in percent, else in four digits."""
        return f"{value:.2f}" if self.accuracies else f"{value:.4g}"

    @property
    def word(self) -> str:
        """What fitness is called."""
        return "validation" if self.accuracies else "fitness"

    @property
    def alike(self) -> bool:
        """Whether all contenders have their fitness of the same, so that it can be compared."""
        return len({self.fitness.get(name, "") for name in self.records}) < 2

    def shown(
        self, records: Sequence[Record], points: Sequence[float], what: str, over: str = "evaluations"
    ) -> Array:
        """What searches had come to at points, as it is shown: an array (searches, points), as of `at`."""
        return self.scale * at(records, points, what, over)

    def band(
        self, records: Sequence[Record], points: Sequence[float], what: str, over: str = "evaluations"
    ) -> Band:
        """Means of the searches with a result, and where they are with 95 % confidence, as they are shown."""
        bounds = (0.0, 100.0) if self.accuracies else self.bounds
        return band(self.shown(with_result(records), points, what, over), bounds)

    def outcomes(self, point: float) -> dict[str, Array]:
        """What each contender's searches had come to at a point; NaN without a result.

        Accuracies are in percent.
        """
        return {
            name: self.shown(records, [point], self.outcome)[:, 0] for name, records in self.records.items()
        }

    def ranks(self, point: float | None = None) -> dict[str, float]:
        """The mean rank of each contender's searches among those of all, 1 being the best.

        NaN where their fitness is not of one function, and their numbers cannot be ranked.

        Args:
            point: After so many evaluations; by default at the end.
        """
        if not self.alike:
            return dict.fromkeys(self.records, math.nan)
        at_point = self.whole if point is None else point
        return mean_ranks({name: self._ranked(found, at_point) for name, found in self.records.items()})

    def pairs(self, point: float) -> list[Pair]:
        """Contenders of at least two searches each, against each other by their outcomes at a point."""
        values = {name: self._ranked(records, point) for name, records in self.records.items()}
        words = {"test": "test accuracy", "fitness": "validation accuracy" if self.accuracies else "fitness"}
        by = f"{words[self.outcome]} at {point} evaluations"
        return [pair for pair in _all_pairs(values, by) if self._of_one(pair)]

    def final_pairs(self) -> list[Pair]:
        """Likewise, by retrained winners where both contenders have such of one protocol, else at the end."""
        at_end = {name: self._ranked(records, self.whole) for name, records in self.records.items()}
        seen = {(pair.first, pair.second): pair for pair in self.pairs(self.whole)}
        found = []
        for pair in _all_pairs(at_end, ""):
            one, other = (retrained(self.records[name]) for name in (pair.first, pair.second))
            if one and other and one.complete and other.complete and one.protocol == other.protocol:
                by = f"{RETRAINED}, protocol {one.protocol}" if one.protocol else RETRAINED
                found.append(Pair(pair.first, pair.second, one.ranked, other.ranked, by))
            elif (pair.first, pair.second) in seen:
                found.append(seen[pair.first, pair.second])
        return found

    def _of_one(self, pair: Pair) -> bool:
        """Whether both have their fitness of the same: numbers of two functions cannot be compared."""
        return self.fitness.get(pair.first, "") == self.fitness.get(pair.second, "")

    def _ranked(self, records: Sequence[Record], point: float) -> Array:
        values = self.shown(records, [point], self.outcome)[:, 0]
        values[np.isnan(at(records, [point], "fitness")[:, 0])] = -math.inf
        return values


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
    bounds: Bounds | None = None,
    fitness: Mapping[str, str] | None = None,
) -> Comparison:
    """A comparison of records, by contender.

    Args:
        records: Of all contenders.
        points: Numbers of evaluations at which to compare; those that no search has come to are left out.
        figures: The table that fitness came from.
        target: A fitness; by default, that of the best thousandth of the table.
        about: What was searched for, in words.
        varied: What was varied, by contender.
        accuracies: Whether fitness is an accuracy, and no function of somebody's own.
        bounds: The least and the most that a function's fitness can be, where that is known.
        fitness: By contender, what tells who gave its fitness, where it was not the same for all.

    Raises:
        UserError: There is no record, or a fitness lies outside the bounds.
    """
    if not records:
        raise UserError("compare: expected at least one search that has ended, got none")
    if bounds is not None:
        _check_bounds(records, bounds)
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
    return Comparison(
        by_name, places, figures, target, about, varied or {}, accuracies, bounds, fitness or {}
    )


def _check_bounds(records: Sequence[Record], bounds: Bounds) -> None:
    least, most = bounds
    for record in records:
        for step in record.steps:
            if not least <= step.fitness <= most:
                raise UserError(
                    f"bounds: expected a fitness in [{least:g}, {most:g}], got {step.fitness:g} "
                    f"of {record.contender!r}, seed {record.seed}"
                )


def made_with() -> str:
    """Versions and machine, in one line."""
    known = environment()
    cores = f"{known['machine']} {known['system']}"
    packages = ", ".join(f"{name} {known[name]}" for name in ("evonas", "torch", "numpy", "deap"))
    return f"{packages}, scipy {version('scipy')}, Python {platform.python_version()}, {cores}"
