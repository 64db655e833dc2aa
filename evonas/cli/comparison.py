"""What `evonas compare` prints of a comparison."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from .saying import say

if TYPE_CHECKING:
    from ..comparison import Comparison


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
            "mean_rank": {
                name: None if math.isnan(rank) else rank for name, rank in comparison.ranks().items()
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
