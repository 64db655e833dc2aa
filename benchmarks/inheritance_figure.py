"""Net2Net's figure for the benchmark of inheritance: accuracy over epochs, inherited and from scratch."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from inheritance_study import Study
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

STYLES = {
    "scratch": ("#777777", "s", 4.0),
    "pool": ("#3f8f3f", "D", 8.0),
    "remap": ("#7a4fa3", "v", 7.5),
    "match": ("#d17a00", "^", 6.0),
    "morph": ("#0b6e99", "o", 3.5),
}
"""Colour, marker and its size of each arm, in the order in which they are drawn: where curves are the same,
all their markers can be seen."""
COLUMNS = 4
"""Panels in a row."""


def draw(studies: list[Study], modes: list[str], path: Path) -> None:
    """One panel a parent with all modes, then one panel a morphism."""
    single = [(study, kind) for study in studies if len(study.kinds) > 1 for kind in study.kinds]
    rows = 1 + -(-len(single) // COLUMNS)
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "evonas", "font.size": 9})
    figure = Figure(figsize=(10, 2.9 + 2.1 * (rows - 1)), layout="constrained")
    grid = figure.add_gridspec(rows, 12, height_ratios=[1.35] + [1] * (rows - 1))
    width = 12 // len(studies)
    for place, study in enumerate(studies):
        axes = figure.add_subplot(grid[0, place * width : (place + 1) * width])
        panel(
            axes,
            study,
            study.kinds,
            ["scratch", *modes],
            f"{study.family.title}: {len(study.children)} children",
        )
        if not place:
            axes.set_ylabel("validation accuracy, %")
            axes.legend(fontsize=8, frameon=False, loc="lower right")
    first: Axes | None = None
    for place, (study, kind) in enumerate(single):
        row, column = divmod(place, COLUMNS)
        axes = figure.add_subplot(grid[1 + row, 3 * column : 3 * column + 3], sharey=first)
        first = first or axes
        panel(axes, study, [kind], ["scratch", *modes], f"by {kind}")
        if column:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel("accuracy, %")
        if place >= len(single) - COLUMNS:
            axes.set_xlabel("epochs")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)


def panel(axes: Axes, study: Study, kinds: list[str], arms: list[str], title: str) -> None:
    """Medians over children of each arm, with the middle half of them as a band around two of the arms."""
    for arm in [arm for arm in STYLES if arm in arms]:
        curve, (colour, mark, size) = study.curve(arm, kinds), STYLES[arm]
        epochs = [point[0] for point in curve]
        axes.plot(
            epochs,
            [100 * point[1] for point in curve],
            color=colour,
            marker=mark,
            markersize=size,
            fillstyle="full" if size < 5 else "none",
            linewidth=1.4,
            linestyle="--" if arm == "scratch" else "-",
            label="from scratch" if arm == "scratch" else arm,
        )
        if arm in arms[:2]:
            spread = [quartiles(study, kinds, arm, length) for length in epochs]
            low, high = ([100 * pair[side] for pair in spread] for side in (0, 1))
            axes.fill_between(epochs, low, high, color=colour, alpha=0.15, linewidth=0)
    trained = study.log.rows[study.name, "parent", 0, "parent", study.options.parent_epochs]
    axes.axhline(100 * trained.accuracy, color="black", linewidth=0.8, linestyle=":")
    axes.set_title(title, fontsize=9)
    axes.set_xlim(-0.2, max(study.options.epochs) + 0.2)
    axes.set_xticks([0, *study.options.epochs])
    axes.yaxis.set_major_locator(MultipleLocator(10))
    axes.spines[["top", "right"]].set_visible(False)


def quartiles(study: Study, kinds: list[str], arm: str, epochs: int) -> tuple[float, float]:
    """The middle half of the children's accuracies; of those before training for no epochs."""
    if epochs:
        values = [row.accuracy for row in study.log.of(study.name, kinds, arm, epochs)]
    else:
        first = next(length for length, _ in study.curve(arm, kinds) if length)
        values = [row.before or 0.0 for row in study.log.of(study.name, kinds, arm, first)]
    low, high = np.percentile(values, [25, 75])
    return float(low), float(high)
