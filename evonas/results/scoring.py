"""Which test images count, where a search may have seen some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import Images, Marks

SEEN, LEFT_OUT, DIFFERENT = "test_images_seen", "test_images_left_out", "images_differ"
"""What a report says: how many test images the search may have seen (None: not known), how many of these were
left out of the score, and in what the images differ from those that the search had (empty in nothing)."""


@dataclass(frozen=True, eq=False)
class Before:
    """What a search that a genotype comes from had to do with the images that it is trained on now.

    Attributes:
        seen: Marks of the images that it trained or validated on; None where that is not known.
        differing: In what the images are not its own; empty where they are.
    """

    seen: Marks | None
    differing: str = ""

    def counted(self, test: Images) -> tuple[Images, dict[str, Any]]:
        """The test images that count, and what the report says of them.

        Of a run's own images all count, for its search has seen no test image: that one equals a training
        image is said. Of others those that the search may have seen are left out, unless none would remain.
        """
        if self.seen is None:
            return test, {SEEN: None, LEFT_OUT: 0, DIFFERENT: self.differing}
        seen = np.isin(test.marks(), self.seen)
        count = int(seen.sum())
        leave = bool(self.differing) and 0 < count < len(test)
        told = {SEEN: count, LEFT_OUT: count if leave else 0, DIFFERENT: self.differing}
        return (Images(test.x[~seen], test.y[~seen]) if leave else test), told


def said_of_test(report: dict[str, Any]) -> str:
    """What a report says of test images that a search may have seen, in words; empty for nothing."""
    if SEEN not in report:
        return ""
    seen, left_out, scored = report[SEEN], report.get(LEFT_OUT), report["test_images"]
    if seen is None:
        return "careful: how many of these test images the search has seen is not known, for its own are gone"
    if left_out:
        return f"left out of the test: {left_out:,} images that the search has seen"
    if seen:
        return f"careful: {seen:,} of these {scored:,} test images are equal to some that the search has seen"
    return ""
