"""Curves, bands, targets and tests of ranks, against figures worked out otherwise."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evonas.comparison import Record, Step, record_of
from evonas.comparison.comparison import compared
from evonas.comparison.report import markdown
from evonas.comparison.sheets import curves_csv, rank_tests_csv, searches_csv, summary_csv
from evonas.comparison.statistics import Array, Pair, at, band, holm, mean_ranks, rank_tests, reached
from evonas.errors import UserError
from evonas.evolution.candidate import DONE, FAILED, Candidate, Result
from evonas.evolution.genome import Origin
from evonas.tables import Figures


def record(contender: str, seed: int, *steps: tuple[int, float], evaluations: int = 10) -> Record:
    found = tuple(Step(place, fitness, fitness + 0.1, 12.0 * place) for place, fitness in steps)
    return Record(contender, seed, evaluations, found, 12.0 * evaluations, "training epochs")


def pairs(values: dict[str, Array]) -> list[Pair]:
    return [Pair(a, b, values[a], values[b]) for a, b in itertools.combinations(values, 2)]


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


def logit_interval(values: Array) -> tuple[float, float]:
    """Student's t on the scale of log odds, of values in [0, 1], written down by itself."""
    n, mean = len(values), sum(values) / len(values)
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    factor = math.exp(stats.t.ppf(0.975, n - 1) * error / (mean * (1 - mean)))
    odds = mean / (1 - mean)
    low, high = odds / factor, odds * factor
    return low / (1 + low), high / (1 + high)


@pytest.mark.parametrize("searches", [5, 7, 10])
@pytest.mark.parametrize(("a", "b"), [(19, 1), (95, 5), (1, 9), (6, 4)])
def test_bands_of_accuracies_stay_within_bounds_and_cover(searches: int, a: float, b: float) -> None:
    """500 simulated comparisons of few searches, near a bound and in the middle: nominally, 95 % hold."""
    values = np.random.default_rng(searches).beta(a, b, (searches, 500))
    found = band(values, (0, 1))
    assert (found.low >= 0).all() and (found.high <= 1).all()
    assert (found.low <= found.mean).all() and (found.mean <= found.high).all()
    assert found.mean == pytest.approx(values.mean(axis=0))
    for column in range(0, 500, 50):
        expected = logit_interval(values[:, column])
        assert (found.low[column], found.high[column]) == pytest.approx(expected)
    truth = a / (a + b)
    assert ((found.low <= truth) & (truth <= found.high)).mean() >= 0.9
    percent = band(100 * values, (0, 100))
    assert percent.low == pytest.approx(100 * found.low) and percent.high == pytest.approx(100 * found.high)


def test_bands_at_the_bounds() -> None:
    """Without bounds, Student's t reaches beyond what can be; at a bound nothing is divided by nothing."""
    values = np.array(
        [[0.99, 1.0, 0.0, 0.5, math.nan], [1.0, 1.0, 0.0, 0.5, 0.5], [0.94, 1.0, 0.0, 0.5, 0.5]]
    )
    assert band(values).high[0] > 1
    with np.errstate(all="raise"):
        found = band(values, (0, 1))
    assert found.mean[0] < found.high[0] < 1 and found.low[0] < found.mean[0]
    for ends in (found.low, found.high):
        assert ends[1:4].tolist() == [1.0, 0.0, 0.5] and math.isnan(ends[4])
    wide = band(np.array([[10.0], [90.0]]), (0, 100))
    assert 0 <= wide.low[0] < 50 < wide.high[0] <= 100


def test_tables_and_curves_have_the_same_bands() -> None:
    """Of accuracies near 1, and of a function's fitness with bounds or without."""
    records = [record("near", seed, (1, fitness)) for seed, fitness in enumerate((0.85, 0.9, 0.9))]

    def highest(**said: Any) -> float:
        (*_, line) = curves_csv(compared(records, **said)).splitlines()
        return float(line.rpartition(",")[2])

    low, high = logit_interval(np.array([0.85, 0.9, 0.9]))
    assert highest() == pytest.approx(100 * high, rel=1e-4)
    assert highest(accuracies=False, bounds=(0, 1)) == pytest.approx(high, rel=1e-4)
    assert highest(accuracies=False) == pytest.approx(
        stats.t.interval(0.95, 2, 2.65 / 3, 0.05 / 3)[1], rel=1e-4
    )
    figures = Figures("toy", 12, {"x": 0.9}, {"x": 1.0}, 200, {})
    (_, summary) = summary_csv(compared(records, (), figures)).splitlines()
    assert float(summary.split(",")[8]) <= 100
    with pytest.raises(
        UserError, match=r"bounds: expected a fitness in \[0, 0.5\], got 0.85 of 'near', seed 0"
    ):
        compared(records, accuracies=False, bounds=(0, 0.5))


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
    found = rank_tests(pairs(values))
    raw = [stats.ranksums(values[one.first], values[one.second]).pvalue for one in found]
    assert [one.p for one in found] == pytest.approx(holm(raw), rel=0.15, abs=1e-3)  # ranksums approximates
    for one in found:
        wins = [(x > y) + (x == y) / 2 for x in values[one.first] for y in values[one.second]]
        assert one.effect == pytest.approx(sum(wins) / 400)
    assert found[1].p < 0.001 < found[1].p + 1 and (found[1].first, found[1].second) == ("a", "c")


def test_equal_contenders_are_alike() -> None:
    (one,) = rank_tests([Pair("a", "b", np.ones(5), np.ones(5))])
    assert (one.p, one.effect, one.difference) == (1.0, 0.5, 0.0)


def test_mean_ranks() -> None:
    """Of all searches, 1 the best: ties share theirs, without a result is last, unknown has none."""
    values = {"a": np.array([3.0, 1.0]), "b": np.array([3.0, math.nan]), "c": np.array([-math.inf])}
    assert mean_ranks(values) == {"a": (1.5 + 3) / 2, "b": 1.5, "c": 4.0}
    assert math.isnan(mean_ranks({"a": np.array([math.nan])})["a"]) and mean_ranks({}) == {}


def test_numbers_of_two_functions_are_not_compared() -> None:
    """But their winners are, where both were trained again."""
    records = [record(name, seed, (1, 0.5 + seed / 9)) for name in "abc" for seed in range(3)]
    found = compared(records, accuracies=False, fitness={"a": "one", "b": "one", "c": "other"})
    assert [(pair.first, pair.second) for pair in found.final_pairs()] == [("a", "b")]
    assert "Fitness is not of one function" in markdown(found)
    assert all(math.isnan(rank) for rank in found.ranks().values())
    again = [replace(one, retrained=0.5, protocol="final") for one in records]
    found = compared(again, accuracies=False, fitness={"a": "one", "b": "one", "c": "other"})
    assert len(found.final_pairs()) == 3 and "Fitness is not" not in markdown(compared(records))


def test_a_function_is_shown_as_it_is() -> None:
    """Its fitness is no accuracy: in no percent, and in four digits."""
    records = [record(name, seed, (1, 1234.5 + seed)) for name in ("a|b", "c") for seed in range(2)]
    text = markdown(compared(records, (), None, 1235, accuracies=False))
    assert "| fitness at 10 |" in text and "| a\\|b | 1235 ± 0.7071 |" in text
    assert "searches that reached 1235 |" in text and "difference of means |" in text
    assert "validation" not in text and "fitness at 10 evaluations: Wilcoxon's" in text


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


def test_cost_is_in_images_where_the_first_candidate_failed(genome) -> None:
    trained = Result(DONE, 0.3, metrics={"training_images": 100.0})
    found = record_of([Candidate(0, genome, Result(FAILED)), Candidate(1, genome, trained)], "a", 1)
    assert (found.cost, found.unit, found.steps[0].cost) == (100, "training images", 100)


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
    assert summary_csv(found).splitlines()[1] == "one,4,3,40,0,50,0,50,50,45,4"
    assert len(curves_csv(found).splitlines()) == 1 + 2 * 2 * 10
    assert len(searches_csv(found).splitlines()) == 9
    assert rank_tests_csv(found).splitlines()[2] == "10,one,two,0,1,0.5"


def test_searches_without_a_result_are_the_worst() -> None:
    """They are in no mean, but every test counts them."""
    records = [record("sure", seed, (1, 0.5 + seed / 100)) for seed in range(8)]
    records += [record("rare", seed, (1, 0.9)) for seed in range(2)]
    records += [record("rare", seed) for seed in range(2, 8)]
    found = compared([*records, *(record("never", seed) for seed in range(2))])
    text = markdown(found)
    assert "| sure | 53.50 ± 2.45 |" in text
    assert "| rare | 90.00 ± 0.00 (2 of 8) |" in text and "| never | – |" in text
    assert "Searches without a result, 8 here, rank as worst and are in no mean." in text
    assert "nan" not in text.lower()
    tests = {(one.first, one.second): one for one in rank_tests(found.pairs(10))}
    assert tests["sure", "rare"].effect == 0.75 and tests["sure", "rare"].difference == pytest.approx(-36.5)
    assert tests["rare", "never"].effect == (2 + 6 / 2) / 8
    assert math.isnan(tests["rare", "never"].difference)
    assert summary_csv(found).splitlines()[2:] == ["rare,8,10,90,0,,,,,,2", "never,2,10,,,,,,,,0"]
    assert "nan" not in curves_csv(found) + rank_tests_csv(found)
    assert "rare,5,fitness,90,90,90" in curves_csv(found).splitlines()


def test_outcomes_that_a_table_does_not_know_are_left_out() -> None:
    known = [record(name, seed, (1, 0.4)) for name in ("one", "two") for seed in range(3)]
    unknown = Record("two", 3, 10, (Step(1, 0.4, None, 12.0),), 120.0, "training epochs")
    text = markdown(compared([*known, unknown], (), Figures("toy", 12, {"x": 0.4}, {"x": 0.5}, 200, {})))
    assert "**50.00 ± 0.00 (3 of 4)**" in text and "| one | two | +0.00 | 1.000 | 0.50 |" in text
    assert "Searches whose outcome is not known, 1 here, are left out." in text


def retrained(contender: str, protocol: str, *accuracies: float | None) -> list[Record]:
    return [
        replace(
            record(contender, seed, (1, 0.1 + seed / 100)),
            retrained=accuracy,
            protocol=protocol if accuracy is not None else "",
        )
        for seed, accuracy in enumerate(accuracies)
    ]


def test_pairs_are_judged_by_what_both_have() -> None:
    """Retrained winners where there are such of one protocol, else what the searches saw."""
    records = [
        *retrained("a", "final", 0.8, 0.9),
        *retrained("b", "final", 0.6, 0.7),
        *retrained("c", "search", 0.5, 0.5),
        *retrained("d", "final", 0.5, None),
        *retrained("e", "final", 0.5),
        *retrained("f", "final", 0.5, 0.6)[:1],
        *retrained("f", "search", 0.5, 0.6)[1:],
    ]
    found = compared(records)
    by = {(pair.first, pair.second): pair.by for pair in found.final_pairs()}
    seen = "validation accuracy at 10 evaluations"
    assert by.pop(("a", "b")) == "retrained winners, protocol final"
    assert set(by.values()) == {seen} and len(by) == 9  # of a, b, c, d and f
    text = markdown(found)
    assert "corrected for 10 comparisons" in text and "Not tested, being a single search: e." in text
    assert "| a | b | +20.00 | 0.333 | 1.00 | retrained winners, protocol final |" not in text  # after Holm
    assert "| 1.00 | retrained winners, protocol final |" in text and f"| 0.50 | {seen} |" in text
    assert "| **65.00 ± 7.07** | final |" in text and "| **50.00 (1 of 2)** | final |" in text
    assert "| – | final / search |" in text


def test_retrained_winners_are_of_whole_searches() -> None:
    text = markdown(compared([*retrained("a", "final", 0.8, 0.9), *retrained("b", "final", 0.6, 0.7)]))
    assert "By retrained winners, protocol final: Wilcoxon's" in text
    assert "rank-sum test, two-sided; effect size" in text  # one comparison needs no correction
    nothing = [replace(one, steps=()) for one in retrained("b", "", None, None)]
    worst = compared([*retrained("a", "final", 0.8, 0.9), *retrained("b", "final", 0.6, 0.7)[:1], nothing[1]])
    assert "By retrained winners" in markdown(worst) and "60.00 (1 of 2)" in markdown(worst)


@pytest.mark.parametrize(
    ("searches", "told"),
    [
        ([2, 2], "of 2 against 2, the smallest p that the exact test of ranks can give is 0.333, "),
        ([4, 4], "of 4 against 4, the smallest p that the exact test of ranks can give is 0.029, "),
        ([9, 3, 3], "of 3 against 3, the smallest p that the exact test of ranks can give is 0.100, "),
        ([1, 1], "one alone may be luck"),
        ([5, 5], ""),
        ([2, 40], ""),
        ([2], ""),
    ],
)
def test_too_few_searches_are_called_so(searches: list[int], told: str) -> None:
    """The p that is named is what the test gives where it is smallest."""
    records = [
        record(str(one), seed, (1, (one + seed / 100) / 9))
        for one, count in enumerate(searches)
        for seed in range(count)
    ]
    found = compared(records)
    text = markdown(found)
    assert told in text and ("**So few searches can" in text) == bool(told)
    if "smallest p" in told:
        n, m = sorted(searches)[:2]
        assert stats.mannwhitneyu(range(n), range(n, n + m), method="exact").pvalue == pytest.approx(
            float(told.rstrip(", ").split()[-1]), abs=5e-4
        )


def test_a_report_says_what_its_numbers_are() -> None:
    two = [record(name, seed, (1, 0.5 + seed / 9)) for name in "ab" for seed in range(2)]
    assert "2 searches each, seeds 0 to 1." in (text := markdown(compared(two)))
    assert "After ± stands the standard deviation over searches." in text
    single = markdown(compared([record(name, 3, (1, 0.5)) for name in "ab"]))
    assert "1 search each, seed 3." in single and "±" not in single
    for seconds, told in ((7.0, "training, s"), (90.0, "training, min"), (7200.0, "training, h")):
        timed = markdown(compared([replace(one, training_seconds=seconds) for one in two]))
        assert told in timed and f"| {seconds / {'s': 1, 'min': 60, 'h': 3600}[told[10:]]:.1f} |" in timed


def test_searches_of_unequal_length() -> None:
    """What is said of the first evaluations of each is said to be so, and the target is counted there."""
    records = [record("short", 0, (1, 0.4), evaluations=5), record("long", 0, (1, 0.4), (8, 0.6))]
    text = markdown(compared(records, (), None, 0.6))
    assert "Searches have 5 to 10 evaluations: " in text and "tests are of the first 5 of each" in text
    assert text.count("| 0 % | – |") == 2
    assert reached(records[1:], 0.6).share == 1 and reached(records[1:], 0.6, 5).share == 0
    assert "Searches have" not in markdown(compared(records[:1]))


def test_a_table_that_knows_nothing() -> None:
    empty = Figures("toy", 3, {}, {"x": 0.5}, 3, {})
    assert "| one | – |" in markdown(compared([record("one", 0)], (), empty))


def test_nothing_to_compare() -> None:
    with pytest.raises(UserError, match="compare: expected at least one search that has ended, got none"):
        compared([])
