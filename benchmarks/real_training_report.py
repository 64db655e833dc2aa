"""The table and the figure of the benchmark of real training."""

from __future__ import annotations

import argparse
import itertools
import statistics
from pathlib import Path
from typing import Any

import matplotlib
from climbing import Log, mean_std
from matplotlib.figure import Figure

EVOLUTION, SCRATCH, RANDOM, POOL, NASH, FIRST = (
    "evolution", "evolution-scratch", "random-scratch", "random-pool", "nash", "first",
)  # fmt: skip
TITLES = {
    EVOLUTION: "evolution, inherited (`morph`)",
    SCRATCH: "evolution, from scratch",
    RANDOM: "random search, from scratch",
    POOL: "random search, `pool`",
    NASH: "NASH (hill climbing, `morph`)",
    FIRST: "the first model, no search",
}
COLOURS = {
    EVOLUTION: "#0b6e99",
    SCRATCH: "#7a4fa3",
    RANDOM: "#d17a00",
    POOL: "#3f8f3f",
    NASH: "#b03a48",
    FIRST: "#777777",
}
Row = dict[str, Any]


def complete_seeds(log: Log, options: argparse.Namespace) -> list[int]:
    """The seeds of which every arm is in the log."""
    return [seed for seed in options.seeds if all(log.of(arm=arm, seed=seed) for arm in options.arms)]


def rows_of(log: Log, arm: str, seeds: list[int]) -> list[Row]:
    """An arm's rows, by seed."""
    return [log.of(arm=arm, seed=seed)[0] for seed in seeds]


def report(log: Log, options: argparse.Namespace) -> str:
    """Both tables in Markdown, over the seeds of which every arm is finished."""
    seeds = complete_seeds(log, options)
    if not seeds:
        return "no seed is complete yet"
    lines = [
        f"Seeds {', '.join(map(str, seeds))}.",
        "",
        "| search | images seen | candidates | validation of the winner | its test accuracy as found "
        "| epochs of its weights | **test accuracy, retrained from scratch** | per seed | parameters |",
        "| --- |" + " ---: |" * 6 + " --- | ---: |",
    ]
    lines += [_line(arm, rows_of(log, arm, seeds)) for arm in options.arms]
    return "\n".join([*lines, "", *_differences(log, options, seeds)])


def _line(arm: str, rows: list[Row]) -> str:
    searched = arm != FIRST
    cells = [
        f"{statistics.mean(row['images'] for row in rows):,.0f}",
        f"{statistics.mean(len(row['candidates']) for row in rows):.0f}",
        f"{mean_std([row['validation'] for row in rows])} %" if searched else "–",
        f"{mean_std([row['as_found'] for row in rows])} %" if searched else "–",
        f"{statistics.mean(row['lineage_epochs'] for row in rows):.0f}" if searched else "–",
        f"**{mean_std([row['retrained'] for row in rows])} %**",
        ", ".join(f"{100 * row['retrained']:.2f}" for row in rows),
        f"{mean_std([row['parameters'] for row in rows], 0, 1e-3)} k",
    ]
    return f"| {TITLES[arm]} | {' | '.join(cells)} |"


def _differences(log: Log, options: argparse.Namespace, seeds: list[int]) -> list[str]:
    """Every pair of arms, retrained, seed by seed."""
    lines = ["| retrained | minus | difference | seeds won |", "| --- | --- | ---: | ---: |"]
    for first, second in itertools.combinations(options.arms, 2):
        pairs = zip(rows_of(log, first, seeds), rows_of(log, second, seeds), strict=True)
        gaps = [one["retrained"] - other["retrained"] for one, other in pairs]
        won = f"{sum(gap > 0 for gap in gaps)} of {len(gaps)}"
        lines.append(f"| {TITLES[first]} | {TITLES[second]} | {mean_std(gaps)} points | {won} |")
    return lines


def curve(row: Row) -> tuple[list[float], list[float]]:
    """Images seen so far, and the best validation accuracy so far, in percent."""
    images = itertools.accumulate(point["images"] or 0.0 for point in row["candidates"])
    best = itertools.accumulate((100 * (point["fitness"] or 0.0) for point in row["candidates"]), max)
    return list(images), list(best)


def draw(log: Log, options: argparse.Namespace, path: Path) -> None:
    """Validation over images seen, which inheritance flatters, and the winners retrained from scratch."""
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "evonas", "font.size": 9})
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.4, 1])
    seeds = complete_seeds(log, options)
    for place, arm in enumerate(options.arms):
        rows = rows_of(log, arm, seeds)
        name = TITLES[arm].replace("`", "")
        for number, row in enumerate(rows if arm != FIRST else ()):
            label = name if number == 0 else None
            left.step(*curve(row), where="post", color=COLOURS[arm], linewidth=1, alpha=0.8, label=label)
        tested = [100 * row["retrained"] for row in rows]
        right.plot(tested, [-place] * len(tested), "o", color=COLOURS[arm], alpha=0.5, markersize=4)
        if tested:
            right.plot(statistics.mean(tested), -place, "|", color="black", markersize=14)
    left.set_xlabel("training images seen by the search")
    left.set_ylabel("best validation accuracy so far, %")
    left.legend(fontsize=7, frameon=False)
    right.set_yticks(
        [-place for place in range(len(options.arms))],
        [TITLES[arm].replace("`", "") for arm in options.arms],
        fontsize=7,
    )
    right.set_xlabel("test accuracy of the winner, retrained, %")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)
