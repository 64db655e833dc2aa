"""What a comparison leaves in a folder: a report, tables for other programs, figures."""

from __future__ import annotations

from pathlib import Path

from .comparison import Comparison
from .figure import draw_curves, draw_heat_map
from .page import drawn, page
from .report import markdown
from .sheets import curves_csv, rank_tests_csv, searches_csv, summary_csv


def write_all(comparison: Comparison, folder: Path, ending: str | None, over: str) -> list[Path]:
    """Writes the report, tables and figures.

    Args:
        comparison: What to write.
        folder: Where; made where it is missing.
        ending: Of figures, ``svg``, ``png`` or ``pdf``; None for none.
        over: What curves are drawn over, ``evaluations`` or ``cost``.

    Returns:
        The files.

    Raises:
        UserError: Figures are wanted, and matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {} if ending is None else drawn(comparison, over)
    texts = {
        "comparison.md": markdown(comparison),
        "comparison.html": page(comparison, figures),
        "summary.csv": summary_csv(comparison),
        "curves.csv": curves_csv(comparison),
        "tests.csv": rank_tests_csv(comparison),
        "searches.csv": searches_csv(comparison),
    }
    texts |= {_file(title): svg for title, svg in figures.items() if ending == "svg"}
    written = []
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    if ending in (None, "svg"):
        return written
    written.append(draw_curves(comparison, folder / f"curves.{ending}", over))
    if "Heat map" in figures:
        written.append(draw_heat_map(comparison, folder / f"heat-map.{ending}"))
    return written


def _file(title: str) -> str:
    """The name of a figure's file."""
    return f"{title.lower().replace(' ', '-')}.svg"
