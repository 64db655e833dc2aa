"""Curves, bands, targets and tests of ranks, against figures worked out otherwise."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import stats

from evonas.candidate import DONE, FAILED, Candidate, Result
from evonas.comparison import Record, Step, record_of
from evonas.comparison.comparison import compared
from evonas.comparison.report import curves_csv, markdown, rank_tests_csv, searches_csv, summary_csv
from evonas.comparison.statistics import at, band, holm, rank_tests, reached
from evonas.errors import UserError
from evonas.genome import Origin
from evonas.tables import Figures


def record(contender: str, seed: int, *steps: tuple[int, float], evaluations: int = 10) -> Record:
    found = tuple(Step(place, fitness, fitness + 0.1, 12.0 * place) for place, fitness in steps)
    return Record(contender, seed, evaluations, found, 12.0 * evaluations, "training epochs")


def test_the_best_so_far() -> None:
    records = [record("a", 0, (1, 0.2), (4, 0.5)), record("a", 1, (2, 0.3))]
    values = at(records, [1, 2, 3, 4, 10], "fitness")
    assert np.array_equal(values, [[0.2, 0.2, 0.2, 0.5, 0.5], [math.nan, 0.3, 0.3, 0.3, 0.3]], equal_nan=True)
    assert at(records, [47.9, 48.0], "test", "cost")[0].tolist() == pytest.approx([0.3, 0.6])


def test_bands_are_students(rng) -> None:
    values = np.array([[rng.gauss(5, 2)] for _ in range(12)])
    found = band(values)
    low, high = stats.t.interval(0.95, 11, values.mean(), stats.sem(values[:, 0]))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))
    assert math.isnan(band(values[:1]).low[0])


def test_targets() -> None:
    records = [record("a", 0, (3, 0.9)), record("a", 1, (5, 0.95)), record("a", 2, (1, 0.1))]
    assert (reached(records, 0.9).share, reached(records, 0.9).median) == (2 / 3, 5)
    assert reached(records, 0.99).median == math.inf
    assert reached(records[:2], 0.9).median == 4


def test_rank_tests_are_holms_of_wilcoxons(rng) -> None:
    values = {
        name: np.array([rng.gauss(mean, 1) for _ in range(20)])
        for name, mean in zip("abc", (0, 0.5, 2), strict=True)
    }
    found = rank_tests(values)
    raw = [stats.ranksums(values[one.first], values[one.second]).pvalue for one in found]
    assert [one.p for one in found] == pytest.approx(holm(raw), rel=0.15, abs=1e-3)  # ranksums approximates
    for one in found:
        pairs = [(x > y) + (x == y) / 2 for x in values[one.first] for y in values[one.second]]
        assert one.effect == pytest.approx(sum(pairs) / 400)
    assert found[1].p < 0.001 < found[1].p + 1 and (found[1].first, found[1].second) == ("a", "c")


def test_equal_contenders_are_alike() -> None:
    (one,) = rank_tests({"a": np.ones(5), "b": np.ones(5)})
    assert (one.p, one.effect, one.difference) == (1.0, 0.5, 0.0)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_a_record_counts(genome) -> None:
    """Repeats, isomorphic ones, failures, cost, and the moments of improvement."""
    twin = genome.clone()
    other = type(genome).random(genome.space, random.Random(5))
    failed = genome.clone()
    failed.origin = Origin(failure="it raised")
    outcomes = [(genome, 0.3), (twin, 0.2), (other, 0.5), (failed, None)]
    candidates = [
        Candidate(
            number, one, Result(DONE, fitness, metrics={"training_images": 100.0, "training_seconds": 2.0})
        )
        if fitness is not None
        else Candidate(number, one, Result(FAILED))
        for number, (one, fitness) in enumerate(outcomes)
    ]
    found = record_of([*candidates, Candidate(9, genome)], "a", 1)
    assert (found.evaluations, found.failures, found.repeats, found.isomorphic) == (4, 1, 2, 2)
    assert (found.cost, found.unit, found.training_seconds) == (300, "training images", 6)
    assert [(step.evaluations, step.fitness, step.cost) for step in found.steps] == [
        (1, 0.3, 100),
        (3, 0.5, 300),
    ]
    assert Record.from_dict(found.to_dict()) == found


def test_a_report_says_it_all() -> None:
    figures = Figures("toy", 12, {"x": 0.9, "y": 0.5}, {"x": 0.95}, 200, {})
    records = [
        record(name, seed, (1, 0.4), (5, 0.5 + seed / 100)) for name in ("one", "two") for seed in range(4)
    ]
    found = compared(records, (3, 500), figures, 0.51, "toy")
    assert found.points == [3, 10]
    text = markdown(found)
    assert (
        "| one | 40.00 ± 0.00 | **50.00 ± 0.00** | 45.00 | 51.50 ± 1.29 | **61.50 ± 1.29** | 33.50 |" in text
    )
    assert "searches that reached 51.00 %" in text and "| 75 % | 5 |" in text
    assert "Wilcoxon's rank-sum test" in text and "| one | two | +0.00 | 1.000 | 0.50 |" in text
    assert "evonas 0." in text and "seeds 0 to 3" in text
    assert summary_csv(found).splitlines()[1] == "one,4,3,40,0,50,0,50,50,45"
    assert len(curves_csv(found).splitlines()) == 1 + 2 * 2 * 10
    assert len(searches_csv(found).splitlines()) == 9
    assert rank_tests_csv(found).splitlines()[2] == "10,one,two,0,1,0.5"


def test_nothing_to_compare() -> None:
    with pytest.raises(UserError, match="compare: expected at least one search that has ended, got none"):
        compared([])
