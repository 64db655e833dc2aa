"""What `evonas compare` leaves: tables and figures in a folder, and what is printed of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from .saying import say

if TYPE_CHECKING:
    from ..comparison.comparison import Comparison


def write_all(comparison: Comparison, folder: Path, ending: str | None, over: str) -> list[Path]:
    """Writes tables and, where they have an ending, figures; says which."""
    from ..comparison import report, sheets

    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "comparison.md": report.markdown(comparison),
        "summary.csv": sheets.summary_csv(comparison),
        "curves.csv": sheets.curves_csv(comparison),
        "tests.csv": sheets.rank_tests_csv(comparison),
        "searches.csv": sheets.searches_csv(comparison),
    }
    written = []
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    if ending is None:
        return written
    from ..comparison.figure import draw_curves, draw_heat_map

    written.append(draw_curves(comparison, folder / f"curves.{ending}", over))
    if any(comparison.varied.values()):
        written.append(draw_heat_map(comparison, folder / f"heat-map.{ending}"))
    return written


def tell(comparison: Comparison, folder: Path, written: list[Path], quiet: bool, as_json: bool) -> None:
    """Prints a comparison: all of it, its folder, or a summary as JSON."""
    from ..comparison.report import markdown
    from ..comparison.statistics import known, mean

    if as_json:
        at_end = comparison.outcomes(comparison.whole)
        told = {
            "output": str(folder),
            "files": [path.name for path in written],
            "evaluations": comparison.whole,
            "judged_by": comparison.outcome,
            "mean": {
                name: None if math.isnan(mean(found)) else mean(found) for name, found in at_end.items()
            },
            "searches": {name: len(found) for name, found in at_end.items()},
            "without_result": {name: len(found) - len(known(found)) for name, found in at_end.items()},
        }
        say(json.dumps(told, allow_nan=False))
    elif quiet:
        say(folder)
    else:
        say(markdown(comparison))
        say(f"kept in {folder}: {', '.join(path.name for path in written)}")
