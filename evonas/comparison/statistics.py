"""What the records of contenders show: curves with bands, regret, targets reached, and tests of ranks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .record import Record

Array = NDArray[np.float64]
LEVEL = 0.95
"""Of confidence intervals."""


def at(records: Sequence[Record], points: Sequence[float], what: str, over: str = "evaluations") -> Array:
    """The best so far of each search at each point, NaN where there was none yet.

    Args:
        records: Of one contender.
        points: Numbers of evaluations, or costs.
        what: ``fitness`` or ``test``.
        over: ``evaluations`` or ``cost``: what points are of.

    Returns:
        An array (searches, points).
    """
    found = np.full((len(records), len(points)), math.nan)
    for row, record in zip(found, records, strict=True):
        places = [getattr(step, over) for step in record.steps]
        values = [math.nan, *(_number(getattr(step, what)) for step in record.steps)]
        row[:] = np.array(values)[np.searchsorted(places, points, side="right")]
    return found


def _number(value: float | None) -> float:
    return math.nan if value is None else value


@dataclass(frozen=True)
class Band:
    """Means over searches, and the interval that holds the true mean with 95 % confidence.

    Attributes:
        mean: By point.
        low: Lower ends; NaN for a single search.
        high: Upper ends.
    """

    mean: Array
    low: Array
    high: Array


def band(values: Array) -> Band:
    """The band of an array (searches, points), by Student's t."""
    count = len(values)
    mean = values.mean(axis=0)
    if count < 2:
        nothing = np.full_like(mean, math.nan)
        return Band(mean, nothing, nothing)
    reach = stats.t.ppf(0.5 + LEVEL / 2, count - 1) * values.std(axis=0, ddof=1) / math.sqrt(count)
    return Band(mean, mean - reach, mean + reach)


@dataclass(frozen=True)
class Target:
    """How soon searches reached a fitness.

    Attributes:
        share: Of the searches that did, in [0, 1].
        median: Of the evaluations that it took, over all searches; infinite where fewer than half did.
    """

    share: float
    median: float


def reached(records: Sequence[Record], target: float) -> Target:
    """How soon the searches of a contender reached a fitness."""
    took = [
        next((step.evaluations for step in record.steps if step.fitness >= target), math.inf)
        for record in records
    ]
    ordered = sorted(took)
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    return Target(sum(map(math.isfinite, took)) / len(took), sum(middle) / len(middle))


@dataclass(frozen=True)
class Test:
    """A comparison of two contenders by the ranks of their searches.

    Attributes:
        first: A contender.
        second: Another.
        difference: Of their means.
        p: Two-sided, of the null hypothesis that both are alike (Wilcoxon's rank-sum test, which is Mann and
            Whitney's U); corrected for the number of comparisons (Holm 1979).
        effect: The probability that a search of the first is better than one of the second, ties counted half
            (Vargha and Delaney's A): 0.5 where they are alike.
    """

    first: str
    second: str
    difference: float
    p: float
    effect: float

    __test__ = False  # it is none of pytest's


def rank_tests(values: dict[str, Array]) -> list[Test]:
    """Every pair of contenders.

    The searches of two contenders have nothing in common but a number, so nothing is paired.

    Args:
        values: What counts of each search, by contender.
    """
    found = []
    for first, second in itertools.combinations(values, 2):
        a, b = (values[name][np.isfinite(values[name])] for name in (first, second))
        if not len(a) or not len(b):
            continue
        outcome: Any = stats.mannwhitneyu(a, b, alternative="two-sided")
        p = 1.0 if math.isnan(outcome.pvalue) else float(outcome.pvalue)  # NaN: all are equal
        effect = float(outcome.statistic) / (len(a) * len(b))
        found.append(Test(first, second, float(a.mean() - b.mean()), p, effect))
    corrected = holm([test.p for test in found])
    return [
        Test(test.first, test.second, test.difference, p, test.effect)
        for test, p in zip(found, corrected, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, step down (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        largest = max(largest, (len(p_values) - rank) * p_values[place])
        corrected[place] = min(1.0, largest)
    return corrected
