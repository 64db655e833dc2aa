"""A comparison in words and numbers, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .comparison import Comparison, made_with
from .record import EVALUATIONS, Record
from .statistics import Array, known, mean, rank_tests, reached
from .winners import RETRAINED, Retrained, retrained

SMALLEST = 0.01
"""A test that can give no smaller p, as with fewer than five searches each, can hardly show a difference."""
LONGEST_REASON = 200
"""Letters of why a candidate failed."""
MANY_PAIRS = 45
"""More pairs than so are left to the CSV file."""

BAR = r"\|"
"""A bar within a cell of a table."""


def markdown(comparison: Comparison) -> str:
    """The whole comparison."""
    seeds = sorted({record.seed for records in comparison.records.values() for record in records})
    counts = sorted({len(records) for records in comparison.records.values()})
    head = [
        f"{comparison.about}; {_range(counts, 'search', 'searches')} each, "
        f"{'seeds' if len(seeds) > 1 else 'seed'} {_range(seeds)}.",
        f"Made with {made_with()}.",
    ]
    if comparison.figures is not None and comparison.figures.test:
        figures = comparison.figures
        head.append(
            f"Fitness is the validation accuracy after {_range([figures.epochs], 'epoch', 'epochs')}; test "
            f"accuracy is that after {figures.test_epochs}, at most {100 * figures.best_test:.2f} %, and was "
            "not seen by any search."
        )
    lengths = {record.evaluations for records in comparison.records.values() for record in records}
    if len(lengths) > 1:
        head.append(
            f"Searches have {min(lengths):,} to {max(lengths):,} evaluations: curves, accuracies, the target "
            f"and tests are of the first {comparison.whole:,} of each; counts, costs and retrained winners "
            "are of whole searches."
        )
    if not comparison.alike:
        head.append(
            "**Fitness is not of one function**: what is no test accuracy compares between contenders of the "
            "same alone."
        )
    head += _spreads(counts)
    parts = [
        "\n".join(head),
        _few(comparison),
        _nothing(comparison),
        _curves(comparison),
        _costs(comparison),
        _tests(comparison),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _range(numbers: Sequence[int], thing: str = "", things: str = "") -> str:
    """The first and the last of ascending numbers, and their noun.

    >>> _range([1], "search", "searches"), _range([2, 3, 5], "search", "searches"), _range([0, 1])
    ('1 search', '2 to 5 searches', '0 to 1')
    """
    text = " to ".join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))
    return f"{text} {thing if numbers[-1] == 1 else things}" if thing else text


def _spreads(counts: Sequence[int]) -> list[str]:
    """What ± is, where there can be one."""
    return ["After ± stands the standard deviation over searches."] if counts[-1] > 1 else []


def _few(comparison: Comparison) -> str:
    """That there are too few searches to show a difference; empty where there are enough, or one contender.

    With n and m searches, the smallest p is that of the two orders of C(n + m, n) in which all of the one
    are better than all of the other.
    """
    counts = sorted(len(records) for records in comparison.records.values())
    if len(counts) < 2:
        return ""
    if counts[0] == 1:
        return "**So few searches can show no difference**: one alone may be luck. Search with more seeds."
    smallest = 2 / math.comb(counts[0] + counts[1], counts[0])
    if smallest <= SMALLEST:
        return ""
    return (
        f"**So few searches can hardly show a difference**: of {counts[0]} against {counts[1]}, the smallest "
        f"p that the exact test of ranks can give is {p_text(smallest)}, where all of the one are better "
        "than all of the other. Search with more seeds."
    )


def _nothing(comparison: Comparison) -> str:
    """Which contenders have found nothing at all, and why; empty where each has found something."""
    told = []
    for name, records in comparison.records.items():
        if not any(record.steps for record in records):
            reasons = [" ".join(record.failure.split()) for record in records if record.failure]
            why = f", the first with: {reasons[0]:.{LONGEST_REASON}}" if reasons else ""
            told.append(f"**{name} found nothing**: every candidate failed{why}.")
    return "\n".join(told)


def _curves(comparison: Comparison) -> str:
    """Validation, test and regret at each point: means and deviations over searches with a result."""
    tested = comparison.outcome == "test"
    header = ["search"]
    for point in comparison.points:
        header += [f"{comparison.word} at {point}{comparison.percent}"] + (
            [f"**test at {point}, %**", f"regret at {point}"] if tested else []
        )
    lines = []
    for name, records in comparison.records.items():
        cells = [name]
        for point in comparison.points:
            cells.append(spread(comparison.shown(records, [point], "fitness")[:, 0], comparison.text))
            if tested and comparison.figures is not None:
                outcome = comparison.shown(records, [point], "test")[:, 0]
                regret = 100 * comparison.figures.best_test - mean(outcome)
                cells += [_bold(spread(outcome)), _or_dash(f"{regret:.2f}", regret)]
        lines.append(cells)
    return markdown_table(header, lines)


def _costs(comparison: Comparison) -> str:
    """What a whole search cost, what it repeated, and how soon it reached the target."""
    header = ["search", "evaluations", "repeated", "isomorphic to an earlier one", "failed"]
    units = {record.unit for records in comparison.records.values() for record in records}
    paid = units != {EVALUATIONS}
    header += [f"cost, {' / '.join(sorted(units))}"] if paid else []
    timed = all(r.training_seconds is not None for records in comparison.records.values() for r in records)
    unit, seconds = _unit_of_training(comparison) if timed else ("", 1)
    header += [f"training, {unit}"] if timed else []
    header += ["seconds here"]
    again = {name: retrained(records) for name, records in comparison.records.items()}
    header += ["**test of the winner, retrained, %**", "protocol"] if _any_retrained(comparison) else []
    if comparison.target is not None:
        target = comparison.text(comparison.scale * comparison.target)
        target += " %" if comparison.accuracies else ""
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
        cells += [_mean(records, "training_seconds", 1, 1 / seconds)] if timed else []
        cells.append(_mean(records, "seconds", 2))
        if _any_retrained(comparison):
            cells += _winners(records, again[name])
        if comparison.target is not None:
            found = reached(records, comparison.target, comparison.whole)
            cells += [
                f"{100 * found.share:.0f} %",
                f"{found.median:.0f}" if math.isfinite(found.median) else "–",
            ]
        lines.append(cells)
    return markdown_table(header, lines)


def _unit_of_training(comparison: Comparison) -> tuple[str, int]:
    """The largest unit of time, and its seconds, in which the longest training is no less than one."""
    longest = max(record.training_seconds or 0 for found in comparison.records.values() for record in found)
    return next(((name, size) for name, size in (("h", 3600), ("min", 60)) if longest >= size), ("s", 1))


def _any_retrained(comparison: Comparison) -> bool:
    return any(r.retrained is not None for records in comparison.records.values() for r in records)


def _winners(records: Sequence[Record], again: Retrained | None) -> list[str]:
    """What winners came to after training of their own, and by which protocol; no mean over several."""
    if again is not None:
        return [_bold(spread(again.values)), again.protocol or "–"]
    protocols = sorted({record.protocol or "–" for record in records if record.retrained is not None})
    return ["–", " / ".join(protocols) or "–"]


def _tests(comparison: Comparison) -> str:
    """Every pair of contenders that have been searched with at least twice."""
    pairs = comparison.final_pairs()
    tests = rank_tests(pairs)
    if not 0 < len(tests) <= MANY_PAIRS:
        return ""
    judged = list(dict.fromkeys(one.by for one in tests))
    points = ", points" if comparison.accuracies else ""
    header = ["search", "against", f"difference of means{points}", "p", "probability to be better"]
    header += ["by"] if len(judged) > 1 else []
    lines = []
    for one in tests:
        plain = comparison.accuracies or one.by.startswith(RETRAINED)
        difference = f"{one.difference:+.2f}" if plain else f"{one.difference:+.4g}"
        difference = _or_dash(difference, one.difference)
        cells = [one.first, one.second, difference, p_text(one.p), f"{one.effect:.2f}"]
        lines.append(cells + ([one.by] if len(judged) > 1 else []))
    corrected = f", corrected for {len(tests)} comparisons by Holm" if len(tests) > 1 else ""
    note = (
        f"By {judged[0] if len(judged) == 1 else 'what the last column says'}: Wilcoxon's rank-sum test, "
        f"two-sided{corrected}; effect size by Vargha and Delaney (0.5: alike)."
    )
    values = {pair.first: pair.a for pair in pairs} | {pair.second: pair.b for pair in pairs}
    remarks = [note, *_remarks(comparison, values)]
    return f"{' '.join(remarks)}\n\n{markdown_table(header, lines)}"


def _remarks(comparison: Comparison, values: dict[str, Array]) -> list[str]:
    """What a reader of the tests has to know of searches that are not like the others."""
    nothing = sum(int(np.isneginf(found).sum()) for found in values.values())
    unknown = sum(int(np.isnan(found).sum()) for found in values.values())
    single = [name for name, records in comparison.records.items() if len(records) < 2]
    told = []
    if nothing:
        told.append(f"Searches without a result, {nothing} here, rank as worst and are in no mean.")
    if unknown:
        told.append(f"Searches whose outcome is not known, {unknown} here, are left out.")
    if single:
        told.append(f"Not tested, being a single search: {', '.join(single)}.")
    return told


def markdown_table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |" for cells in (header, rule, *lines)
    )


def spread(values: Array, number: Callable[[float], str] = "{:.2f}".format) -> str:
    """Mean and standard deviation of those that are numbers, and how many these are where not all are.

    >>> spread(np.array([1.0, 2.0])), spread(np.array([1.0, math.nan])), spread(np.array([math.nan]))
    ('1.50 ± 0.71', '1.00 (1 of 2)', '–')
    """
    found = known(values)
    if not len(found):
        return "–"
    text = number(float(np.mean(found)))
    text += f" ± {number(float(np.std(found, ddof=1)))}" if len(found) > 1 else ""
    return text if len(found) == len(values) else f"{text} ({len(found)} of {len(values)})"


def _bold(text: str) -> str:
    return text if text == "–" else f"**{text}**"


def _or_dash(text: str, value: float) -> str:
    return text if math.isfinite(value) else "–"


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
