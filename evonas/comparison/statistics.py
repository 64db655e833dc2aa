"""What the records of contenders show: curves with bands, regret, targets reached, and tests of ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from .record import Record

Array = NDArray[np.float64]
Bounds = tuple[float, float]
"""The least and the most that a value can be."""
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


def with_result(records: Sequence[Record]) -> list[Record]:
    """The searches that found anything."""
    return [record for record in records if record.steps]


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


def band(values: Array, bounds: Bounds | None = None) -> Band:
    """The band of an array (searches, points); NaN everywhere for no searches.

    Without bounds it is Student's t interval, which reaches as far to either side. Of values that lie within
    bounds, as accuracies do, it is the same interval on the scale of the logit and taken back (the logit
    interval of survey statistics, as in Korn and Graubard 1998): it stays within the bounds, holds the mean,
    and is shorter on the side of the bound that is near.

    Args:
        values: What searches had come to at points.
        bounds: The least and the most that a value can be.
    """
    count = len(values)
    nothing = np.full(values.shape[1], math.nan)
    if count < 2:
        return Band(values[0] if count else nothing, nothing, nothing)
    means = values.mean(axis=0)
    reach = stats.t.ppf(0.5 + LEVEL / 2, count - 1) * values.std(axis=0, ddof=1) / math.sqrt(count)
    if bounds is None:
        return Band(means, means - reach, means + reach)
    least, width = bounds[0], bounds[1] - bounds[0]
    share = np.clip((means - least) / width, 0, 1)  # but for rounding it is there
    steepness = share * (1 - share)
    # By the delta method: the logit is so much steeper than the share itself. At a bound, all are equal.
    moved = np.divide(reach / width, steepness, out=np.zeros_like(reach), where=steepness != 0)
    low = least + width * special.expit(special.logit(share) - moved)
    high = least + width * special.expit(special.logit(share) + moved)
    return Band(means, np.minimum(low, means), np.maximum(high, means))


@dataclass(frozen=True)
class Target:
    """How soon searches reached a fitness.

    Attributes:
        share: Of the searches that did, in [0, 1].
        median: Of the evaluations that it took, over all searches; infinite unless more than half did.
    """

    share: float
    median: float


def reached(records: Sequence[Record], target: float, within: float = math.inf) -> Target:
    """How soon the searches of a contender reached a fitness, in so many evaluations."""
    took = [
        next((step.evaluations for step in record.steps if step.fitness >= target), math.inf)
        for record in records
    ]
    took = [evaluations if evaluations <= within else math.inf for evaluations in took]
    ordered = sorted(took)
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    return Target(sum(map(math.isfinite, took)) / len(took), sum(middle) / len(middle))


@dataclass(frozen=True)
class Pair:
    """Two contenders, and what counts of each of their searches.

    Attributes:
        first: A contender.
        second: Another.
        a: Of the searches of the first; minus infinity for one without a result, NaN for one whose result is
            not known.
        b: Of the second.
        by: What that is, in words.
    """

    first: str
    second: str
    a: Array
    b: Array
    by: str = ""


@dataclass(frozen=True)
class Test:
    """A comparison of two contenders by the ranks of their searches.

    Attributes:
        first: A contender.
        second: Another.
        difference: Of their means, over searches with a result; NaN where there are none.
        p: Two-sided, of the null hypothesis that both are alike (Wilcoxon's rank-sum test, which is Mann and
            Whitney's U); corrected for the number of comparisons (Holm 1979).
        effect: The probability that a search of the first is better than one of the second, ties counted half
            (Vargha and Delaney's A): 0.5 where they are alike.
        by: What was compared, in words.
    """

    first: str
    second: str
    difference: float
    p: float
    effect: float
    by: str = ""

    __test__ = False  # it is none of pytest's


def rank_tests(pairs: Sequence[Pair]) -> list[Test]:
    """Every pair, each contender's searches against the other's, unpaired.

    Searches of one seed are not quite independent: the first random candidates of two contenders are drawn
    from the same seeds. What they have in common makes both better or worse, so an unpaired test then errs
    to the side of finding no difference.

    A search without a result is worse than any that has one; one whose result is not known does not count.
    """
    found = []
    for pair in pairs:
        a, b = (values[~np.isnan(values)] for values in (pair.a, pair.b))
        if not len(a) or not len(b):
            continue
        outcome: Any = stats.mannwhitneyu(a, b, alternative="two-sided")
        p = 1.0 if math.isnan(outcome.pvalue) else float(outcome.pvalue)  # NaN: all are equal
        effect = float(outcome.statistic) / (len(a) * len(b))
        found.append(Test(pair.first, pair.second, mean(a) - mean(b), p, effect, pair.by))
    corrected = holm([test.p for test in found])
    return [replace(test, p=p) for test, p in zip(found, corrected, strict=True)]


def mean_ranks(values: Mapping[str, Array]) -> dict[str, float]:
    """The mean rank of each contender's searches among those of all: 1 is the best, ties share theirs.

    A search without a result ranks last; one whose result is not known has no rank. NaN for a contender that
    has none with a rank.

    >>> mean_ranks({"a": np.array([3.0, 2.0]), "b": np.array([2.0, math.nan])})
    {'a': 1.75, 'b': 2.5}
    """
    kept = {name: found[~np.isnan(found)] for name, found in values.items()}
    every = np.concatenate([*kept.values(), np.empty(0)])
    ranks = stats.rankdata(-every)
    ends = np.cumsum([len(found) for found in kept.values()])
    parts = np.split(ranks, ends[:-1]) if kept else []
    return {name: mean(part) for name, part in zip(kept, parts, strict=True)}


def known(values: Array) -> Array:
    """Those that are numbers."""
    return values[np.isfinite(values)]


def mean(values: Array) -> float:
    """Of those that are numbers; NaN where none is."""
    found = known(values)
    return float(found.mean()) if len(found) else math.nan


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


def spaced(whole: int, points: int) -> list[int]:
    """Numbers from 1 to `whole`, all of them where there are not too many.

    >>> spaced(5, 10), spaced(100, 3)
    ([1, 2, 3, 4, 5], [1, 50, 100])
    """
    return sorted({int(value) for value in np.linspace(1, whole, min(whole, points))})
