"""The figure of the benchmark of hill climbing."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib
from hill_climbing_table import CLIMBING, CONSTANT, FIRST, LINEAGES, LONGER, RANDOM, Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {
    CLIMBING: "#0b6e99",
    CONSTANT: "#7a4fa3",
    RANDOM: "#d17a00",
    FIRST: "#777777",
    LINEAGES: "#3f8f3f",
    LONGER: "#b03a48",
}


def draw(table: Table, path: Path) -> None:
    """Accuracy along the lineages, and the tests of all seeds."""
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "evonas", "font.size": 9})
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    left, *right = figure.subplots(1, 3, width_ratios=[1.3, 1, 1])
    _lineages(left, table)
    arms = [arm for arm in table.options.arms if table.rows(arm)]
    for axes, key, title in zip(
        right, ("tested", "tested_finally"), ("test, as it is", "test, after the final training"), strict=True
    ):
        for place, arm in enumerate(arms):
            values = [100 * row[key] for row in table.rows(arm) if row[key] is not None]
            axes.plot(values, [-place] * len(values), "o", color=COLOURS[arm], alpha=0.45, markersize=4)
            if values:
                axes.plot(statistics.mean(values), -place, "|", color="black", markersize=14)
        axes.set_yticks([-place for place in range(len(arms))], [table.names[arm] for arm in arms])
        axes.set_xlabel(f"{title}, %")
    right[1].set_yticklabels([])
    for axes in (left, *right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)


def _lineages(axes: Axes, table: Table) -> None:
    """Means over seeds, and each seed."""
    for arm in (CLIMBING, CONSTANT, RANDOM, FIRST):
        paths = [row["path"] for row in table.rows(arm)]
        if not paths:
            continue
        epochs = [point["epochs"] for point in paths[0]]
        each = [[100 * point["validation"] for point in one] for one in paths]
        for values in each:
            axes.plot(epochs, values, color=COLOURS[arm], linewidth=0.5, alpha=0.4)
        means = [statistics.mean(values) for values in zip(*each, strict=True)]
        axes.plot(epochs, means, color=COLOURS[arm], marker="o", markersize=3.5, label=table.names[arm])
    axes.set_xlabel("epochs of the lineage")
    axes.set_ylabel("validation accuracy, %")
    axes.legend(fontsize=8, frameon=False)
