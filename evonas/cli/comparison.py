"""What `evonas compare` leaves: tables and figures in a folder, and what is printed of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from .saying import say

if TYPE_CHECKING:
    from ..comparison import Comparison


def write_all(comparison: Comparison, folder: Path, ending: str | None, over: str) -> list[Path]:
    """Writes tables and, where they have an ending, figures; says which."""
    from ..comparison import curves_csv, markdown, rank_tests_csv, searches_csv, summary_csv

    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "comparison.md": markdown(comparison),
        "summary.csv": summary_csv(comparison),
        "curves.csv": curves_csv(comparison),
        "tests.csv": rank_tests_csv(comparison),
        "searches.csv": searches_csv(comparison),
    }
    written = []
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    if ending is None:
        return written
    from ..comparison import draw_curves, draw_heat_map

    written.append(draw_curves(comparison, folder / f"curves.{ending}", over))
    if any(comparison.varied.values()):
        written.append(draw_heat_map(comparison, folder / f"heat-map.{ending}"))
    return written


def tell(comparison: Comparison, folder: Path, written: list[Path], quiet: bool, as_json: bool) -> None:
    """Prints a comparison: all of it, its folder, or a summary as JSON."""
    from ..comparison import known, markdown, mean

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
