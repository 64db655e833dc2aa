"""A comparison as a figure: anytime curves, or a heat map of what was varied. It needs no display."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from .comparison import Comparison
from .statistics import mean, spaced, with_result

COLOURS = (
    "#0b6e99", "#e08a00", "#3f8f3f", "#b03a48", "#7a4fa3",
    "#8c6d5a", "#111111", "#17becf", "#e377c2", "#9aa500",
)  # fmt: skip
LINES = ("-", "--", ":", "-.")
POINTS = 120
"""Of a curve."""
ENDINGS = (".svg", ".png", ".pdf")


def check_ending(path: Path) -> Path:
    """A figure's path, if it can be drawn there.

    Raises:
        UserError: It has another ending.
    """
    if path.suffix not in ENDINGS:
        raise UserError(f"figure {path}: expected a name that ends in {', '.join(ENDINGS)}")
    return path


def check_matplotlib() -> None:
    """Makes sure that figures can be drawn here.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise UserError("figure: it needs matplotlib: pip install 'evonas[figures]'") from None


def _figure(width: float, height: float) -> Any:
    """An empty figure of matplotlib's, drawn without a display and always with the same bytes."""
    check_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "evonas", "font.size": 9})
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Any, path: Path) -> Path:
    check_ending(path)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=130)
    return path


def draw_curves(comparison: Comparison, path: Path, over: str = "evaluations") -> Path:
    """Draws the best so far over evaluations or over cost: means, and where they are with 95 % confidence.

    Args:
        comparison: What to draw.
        path: An .svg, .png or .pdf file.
        over: ``evaluations`` or ``cost``.

    Raises:
        UserError: The path has another ending, or matplotlib is not installed.
    """
    check_ending(path)
    panels = list(dict.fromkeys(("fitness", comparison.outcome)))
    figure = _figure(5.2 * len(panels), max(3.8, 0.2 * len(comparison.records)))
    places = _places(comparison, over)
    for axes, what in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        lines = {}
        for number, (name, records) in enumerate(comparison.records.items()):
            shown = with_result(records)
            found = comparison.band(shown, places, what, over)
            style = {"color": COLOURS[number % len(COLOURS)]}
            line = LINES[number // len(COLOURS) % len(LINES)]
            label = name if len(shown) == len(records) else f"{name} ({len(shown)} of {len(records)})"
            (lines[label],) = axes.plot(places, found.mean, linewidth=1.4, linestyle=line, **style)
            if len(shown) > 1:
                axes.fill_between(places, found.low, found.high, alpha=0.18, linewidth=0, **style)
        _finish(axes, comparison, what, over)
        if any(np.isfinite(line.get_ydata()).any() for line in lines.values()):
            _log_scale(axes)  # which has to have something to scale
        _leave_out_beginning(axes)
        _name(axes, lines)
    return _save(figure, path)


def _places(comparison: Comparison, over: str) -> Sequence[float]:
    if over == "evaluations":
        return spaced(comparison.whole, POINTS)
    least = min(record.cost for records in comparison.records.values() for record in records)
    return [float(value) for value in np.linspace(least / POINTS, least, POINTS)]


def _finish(axes: Any, comparison: Comparison, what: str, over: str) -> None:
    """Scale, names and limits of one panel."""
    figures = comparison.figures
    if figures is not None:
        best = figures.best_test if what == "test" else figures.best_valid
        axes.axhline(100 * best, color="black", linewidth=0.7, linestyle=(0, (2, 2)))
        axes.text(0.99, 100 * best, "best of the table", ha="right", va="bottom", fontsize=7,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    unit = next(iter(comparison.records.values()))[0].unit
    axes.set_xlabel("evaluations" if over == "evaluations" else unit)
    searched = "validation accuracy" if comparison.accuracies else "fitness"
    names = {"fitness": f"best {searched} so far{comparison.percent}", "test": "its test accuracy, %"}
    axes.set_ylabel(names[what])
    axes.spines[["top", "right"]].set_visible(False)


def _name(axes: Any, lines: Mapping[str, Any]) -> None:
    """The legend. Names are given afterwards, since one that begins with an underscore would be left out."""
    numbers = [str(number) for number in range(len(lines))]
    legend = axes.legend(list(lines.values()), numbers, fontsize=7.5, frameon=False, loc="lower right")
    for text, name in zip(legend.get_texts(), lines, strict=True):
        text.set_text(_plain(name))


def _plain(text: str) -> str:
    """A user's text, in which a dollar begins no formula."""
    return text.replace("$", r"\$")


def _log_scale(axes: Any) -> None:
    """A logarithmic axis with plain numbers, which says that it is one."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    axes.set_xlabel(f"{axes.get_xlabel()} (logarithmic)")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _leave_out_beginning(axes: Any) -> None:
    """The first random networks would squeeze all the rest."""
    lines = [line for line in axes.lines if np.isfinite(line.get_ydata()).any()]
    curves = [line for line in lines if len(line.get_ydata()) > 50]
    if not curves:
        return
    begins = [float(line.get_ydata()[len(line.get_ydata()) // 30]) for line in curves]
    low, high = min(begins), max(float(max(line.get_ydata())) for line in lines)
    if math.isfinite(low) and high > low:
        places = curves[0].get_xdata()
        axes.set_ylim(low, high + 0.08 * (high - low))
        axes.set_xlim(places[len(places) // 60], places[-1])


def draw_heat_map(comparison: Comparison, path: Path) -> Path:
    """Draws what two varied settings make of the outcome, one map for each contender.

    With one varied setting the map has one row; of three and more, all but the last make the rows.

    Args:
        comparison: Its contenders differ in what was varied.
        path: An .svg, .png or .pdf file.

    Raises:
        UserError: Nothing was varied, the path has another ending, or matplotlib is not installed.
    """
    check_ending(path)
    if not comparison.varied or not all(comparison.varied.values()):
        raise UserError("figure: a heat map needs settings that were varied (--vary)")
    maps: dict[str, list[str]] = {}
    for name in comparison.records:
        values = comparison.varied[name]
        own = name.removesuffix(" ".join(f"{key}={value}" for key, value in values.items())).strip()
        maps.setdefault(own, []).append(name)
    *row_keys, column_key = next(iter(comparison.varied.values()))
    down = max(len(_axis(comparison, members, row_keys)) for members in maps.values())
    across = max(len(_axis(comparison, members, [column_key])) for members in maps.values())
    figure = _figure(1.4 + (0.9 + 0.75 * across) * len(maps), max(2.6, 1.1 + 0.38 * down))
    means = {name: mean(values) for name, values in comparison.outcomes(comparison.whole).items()}
    finite = [value for value in means.values() if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    for axes, (title, members) in zip(
        np.atleast_1d(figure.subplots(1, len(maps))), maps.items(), strict=True
    ):
        rows = _axis(comparison, members, row_keys)
        columns = _axis(comparison, members, [column_key])
        grid = np.full((len(rows), len(columns)), math.nan)
        for name in members:
            place = (
                rows.index(_label(comparison, name, row_keys)),
                columns.index(_label(comparison, name, [column_key])),
            )
            grid[place] = means[name]
        shown = axes.imshow(grid, cmap="viridis", vmin=low, vmax=high, aspect="auto")
        for (row, column), value in np.ndenumerate(grid):
            if math.isnan(value):
                continue  # nothing was searched or found there
            dark = value < low + 0.6 * (high - low)
            axes.text(column, row, comparison.text(value), ha="center", va="center", fontsize=8,
                      color="white" if dark else "black")  # fmt: skip
        axes.set_xticks(range(len(columns)), map(_plain, columns))
        axes.set_yticks(range(len(rows)), map(_plain, rows))
        axes.set_xlabel(_plain(column_key))
        axes.set_ylabel(_plain(", ".join(row_keys)))
        axes.set_title(_plain(title), fontsize=9)
    what = {"validation": "mean validation accuracy, %", "fitness": "mean fitness"}[comparison.word]
    what = "mean test accuracy, %" if comparison.outcome == "test" else what
    figure.colorbar(shown, ax=figure.axes, label=f"{what},\nat {comparison.whole} evaluations")
    return _save(figure, path)


def _axis(comparison: Comparison, members: Sequence[str], keys: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(_label(comparison, name, keys) for name in members))


def _label(comparison: Comparison, name: str, keys: Sequence[str]) -> str:
    return ", ".join(str(comparison.varied[name][key]) for key in keys)
