"""A comparison as CSV, for other programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .comparison import Comparison
from .statistics import Array, band, known, mean, rank_tests, spaced


def summary_csv(comparison: Comparison) -> str:
    """A line for each contender and point; means are over the searches with a result."""
    rows: list[list[Any]] = [
        ["search", "searches", "evaluations", f"{comparison.word}_mean", f"{comparison.word}_std"]
        + ["test_mean", "test_std", "test_low95", "test_high95", "regret_mean", "with_result"]
    ]
    for name, records in comparison.records.items():
        for point in comparison.points:
            fitness = known(comparison.shown(records, [point], "fitness"))
            row = [name, len(records), point, mean(fitness), _std(fitness)]
            if comparison.outcome == "test" and comparison.figures is not None:
                test = known(comparison.shown(records, [point], "test"))
                ends = band(test[:, np.newaxis], (0.0, 100.0))
                regret = 100 * comparison.figures.best_test - mean(test)
                row += [mean(test), _std(test), ends.low[0], ends.high[0], regret]
            else:
                row += [math.nan] * 5
            rows.append([*row, len(fitness)])
    return _csv(rows)


def curves_csv(comparison: Comparison, points: int = 200) -> str:
    """Means and bands along the whole search, at so many points, of searches that found anything."""
    places = spaced(comparison.whole, points)
    rows: list[list[Any]] = [["search", "evaluations", "what", "mean", "low95", "high95"]]
    for name, records in comparison.records.items():
        for what in dict.fromkeys(("fitness", comparison.outcome)):
            found = comparison.band(records, places, what)
            rows += [
                [name, place, what, *values]
                for place, *values in zip(places, found.mean, found.low, found.high, strict=True)
            ]
    return _csv(rows)


def rank_tests_csv(comparison: Comparison) -> str:
    """Every pair at every point."""
    rows: list[list[Any]] = [["evaluations", "search", "against", "difference", "p_holm", "effect"]]
    for point in comparison.points:
        for one in rank_tests(comparison.pairs(point)):
            rows.append([point, one.first, one.second, one.difference, one.p, one.effect])
    return _csv(rows)


def searches_csv(comparison: Comparison) -> str:
    """A line for each search."""
    rows: list[list[Any]] = [
        ["search", "seed", "evaluations", comparison.word, "test", "cost", "unit", "repeats", "isomorphic"]
        + ["failures", "seconds", "retrained", "protocol"]
    ]
    for name, records in comparison.records.items():
        for one in records:
            last = one.steps[-1] if one.steps else None
            rows.append(
                [
                    name,
                    one.seed,
                    one.evaluations,
                    last and last.fitness,
                    last and last.test,
                    one.cost,
                    one.unit,
                ]
                + [one.repeats, one.isomorphic, one.failures, one.seconds, one.retrained, one.protocol]
            )
    return _csv(rows)


def _std(values: Array) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else math.nan


def _cell(value: Any) -> Any:
    """A number in six digits; one that is none is left empty."""
    if not isinstance(value, float):
        return value
    return f"{value:.6g}" if math.isfinite(value) else ""


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for row in rows:
        writer.writerow(map(_cell, row))
    return stream.getvalue()
