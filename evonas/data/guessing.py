"""What accuracy is worth nothing: that of one who knows only which class is the most frequent."""

from __future__ import annotations

import math
from collections.abc import Mapping

COUNTS = ("training", "validation", "commonest")
"""What is counted of a split's images: see `Split.counts`."""


def share_of_commonest(counts: Mapping[str, int]) -> float:
    """The accuracy on the validation images of naming their most frequent class always."""
    return counts["commonest"] / counts["validation"]


def guessing(counts: Mapping[str, int]) -> float:
    """An accuracy that a network which knows nothing hardly exceeds: that share, and two standard errors.

    Every image right is more than guessing, however few there are.

    >>> round(guessing({"training": 900, "validation": 100, "commonest": 50}), 3)
    0.6
    >>> guessing({"training": 90, "validation": 10, "commonest": 9})
    0.9
    """
    share, number = share_of_commonest(counts), counts["validation"]
    return min(share + 2 * math.sqrt(share * (1 - share) / number), 1 - 1 / number)
