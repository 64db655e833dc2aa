"""A comparison in words and numbers: Markdown for people, CSV for other programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .comparison import Comparison, made_with
from .record import EVALUATIONS, Record
from .statistics import Array, at, band, rank_tests, reached

MANY_PAIRS = 45
"""More pairs than so are left to the CSV file."""


def markdown(comparison: Comparison) -> str:
    """The whole comparison."""
    seeds = sorted({record.seed for records in comparison.records.values() for record in records})
    counts = sorted({len(records) for records in comparison.records.values()})
    searches = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    head = [
        f"{comparison.about}; {searches} searches each, seeds {seeds[0]} to {seeds[-1]}.",
        f"Made with {made_with()}.",
    ]
    if comparison.figures is not None and comparison.figures.test:
        figures = comparison.figures
        head.append(
            f"Fitness is the validation accuracy after {figures.epochs} epochs; test accuracy is that after "
            f"{figures.test_epochs}, at most {100 * figures.best_test:.2f} %, and was not seen by any search."
        )
    parts = ["\n".join(head), _curves(comparison), _costs(comparison), _tests(comparison)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _curves(comparison: Comparison) -> str:
    """Validation, test and regret at each point: means and standard deviations over searches."""
    tested = comparison.outcome == "test"
    header = ["search"]
    for point in comparison.points:
        header += [f"validation at {point}, %"] + (
            [f"**test at {point}, %**", f"regret at {point}"] if tested else []
        )
    lines = []
    for name, records in comparison.records.items():
        cells = [name]
        for point in comparison.points:
            cells.append(spread(100 * at(records, [point], "fitness")[:, 0]))
            if tested and comparison.figures is not None:
                outcome = 100 * at(records, [point], "test")[:, 0]
                regret = 100 * comparison.figures.best_test - outcome
                cells += [f"**{spread(outcome)}**", f"{regret.mean():.2f}"]
        lines.append(cells)
    return table(header, lines)


def _costs(comparison: Comparison) -> str:
    """What a whole search cost, what it repeated, and how soon it reached the target."""
    header = ["search", "evaluations", "repeated", "isomorphic to an earlier one", "failed"]
    units = {record.unit for records in comparison.records.values() for record in records}
    paid = units != {EVALUATIONS}
    header += [f"cost, {' / '.join(sorted(units))}"] if paid else []
    timed = all(r.training_seconds is not None for records in comparison.records.values() for r in records)
    header += ["training, h"] if timed else []
    header += ["seconds here"]
    retrained = comparison.retrained()
    header += ["**test of the winner, retrained, %**", "protocol"] if retrained else []
    if comparison.target is not None:
        target = f"{100 * comparison.target:.2f} %"
        header += [f"searches that reached {target}", "evaluations until then, median"]
    lines = []
    for name, records in comparison.records.items():
        cells = [
            name,
            _mean(records, "evaluations"),
            *(_share(records, what) for what in ("repeats", "isomorphic")),
        ]
        cells.append(_mean(records, "failures", 1))
        cells += [_mean(records, "cost")] if paid else []
        cells += [_mean(records, "training_seconds", 1, 1 / 3600)] if timed else []
        cells.append(_mean(records, "seconds", 2))
        if retrained:
            again = retrained.get(name)
            cells += [f"**{spread(again)}**" if again is not None else "–", records[0].protocol or "–"]
        if comparison.target is not None:
            found = reached(records, comparison.target)
            cells += [
                f"{100 * found.share:.0f} %",
                f"{found.median:.0f}" if math.isfinite(found.median) else "–",
            ]
        lines.append(cells)
    return table(header, lines)


def _tests(comparison: Comparison) -> str:
    """Every pair, at the last point; by retrained winners where there are any."""
    values = comparison.retrained() or comparison.outcomes(comparison.whole)
    pairs = len(values) * (len(values) - 1) // 2
    if not 0 < pairs <= MANY_PAIRS or min(map(len, values.values())) < 2:
        return ""
    judged = "retrained winners" if comparison.retrained() else f"{comparison.outcome} accuracy"
    lines = [
        [one.first, one.second, f"{one.difference:+.2f}", p_text(one.p), f"{one.effect:.2f}"]
        for one in rank_tests(values)
    ]
    header = ["search", "against", "difference of means, points", "p", "probability to be better"]
    note = (
        f"By {judged} at {comparison.whole} evaluations: Wilcoxon's rank-sum test, two-sided, corrected for "
        f"{pairs} comparisons by Holm; effect size by Vargha and Delaney (0.5: alike)."
    )
    return f"{note}\n\n{table(header, lines)}"


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))


def spread(values: Array) -> str:
    """Mean and standard deviation."""
    mean = f"{np.mean(values):.2f}"
    return f"{mean} ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else mean


def p_text(p: float) -> str:
    """A p-value.

    >>> p_text(0.0312), p_text(3e-9)
    ('0.031', '3.0e-09')
    """
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _mean(records: Sequence[Record], what: str, digits: int = 0, factor: float = 1.0) -> str:
    values = [getattr(record, what) for record in records]
    return f"{factor * sum(values) / len(values):,.{digits}f}"


def _share(records: Sequence[Record], what: str) -> str:
    part = sum(getattr(record, what) for record in records)
    return f"{100 * part / max(1, sum(record.evaluations for record in records)):.1f} %"


# -- CSV -----------------------------------------------------------------------------------------


def summary_csv(comparison: Comparison) -> str:
    """A line for each contender and point."""
    rows: list[list[Any]] = [
        ["search", "searches", "evaluations", "validation_mean", "validation_std"]
        + ["test_mean", "test_std", "test_low95", "test_high95", "regret_mean"]
    ]
    for name, records in comparison.records.items():
        for point in comparison.points:
            fitness = 100 * at(records, [point], "fitness")
            row = [name, len(records), point, fitness.mean(), _std(fitness)]
            if comparison.outcome == "test" and comparison.figures is not None:
                test = 100 * at(records, [point], "test")
                ends = band(test)
                regret = 100 * comparison.figures.best_test - test.mean()
                row += [test.mean(), _std(test), ends.low[0], ends.high[0], regret]
            rows.append(row)
    return _csv(rows)


def curves_csv(comparison: Comparison, points: int = 200) -> str:
    """Means and bands along the whole search, at so many points."""
    places = spaced(comparison.whole, points)
    rows: list[list[Any]] = [["search", "evaluations", "what", "mean", "low95", "high95"]]
    for name, records in comparison.records.items():
        for what in dict.fromkeys(("fitness", comparison.outcome)):
            found = band(100 * at(records, places, what))
            rows += [
                [name, place, what, *values]
                for place, *values in zip(places, found.mean, found.low, found.high, strict=True)
            ]
    return _csv(rows)


def rank_tests_csv(comparison: Comparison) -> str:
    """Every pair at every point."""
    rows: list[list[Any]] = [["evaluations", "search", "against", "difference", "p_holm", "effect"]]
    for point in comparison.points:
        for one in rank_tests(comparison.outcomes(point)):
            rows.append([point, one.first, one.second, one.difference, one.p, one.effect])
    return _csv(rows)


def searches_csv(comparison: Comparison) -> str:
    """A line for each search."""
    rows: list[list[Any]] = [
        ["search", "seed", "evaluations", "validation", "test", "cost", "unit", "repeats", "isomorphic"]
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


def spaced(whole: int, points: int) -> list[int]:
    """Numbers from 1 to `whole`, all of them where there are not too many.

    >>> spaced(5, 10), spaced(100, 3)
    ([1, 2, 3, 4, 5], [1, 50, 100])
    """
    return sorted({int(value) for value in np.linspace(1, whole, min(whole, points))})


def _std(values: Array) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else math.nan


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for row in rows:
        writer.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in row])
    return stream.getvalue()
