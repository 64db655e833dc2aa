"""Which test images count, where some may have been trained or validated on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data import Images, Marks, gathered

SEEN, LEFT_OUT, DIFFERENT = "test_images_seen", "test_images_left_out", "images_differ"
"""What a report says: how many test images were trained or validated on, in the search or now (None: not
known), how many of these were left out of the score, and in what the images differ from those that the search
had (empty in nothing)."""


@dataclass(frozen=True, eq=False)
class Before:
    """What a search that a genotype comes from had to do with the images that it is trained on now.

    Attributes:
        seen: Marks of the images that were trained or validated on; None where that is not known.
        differing: In what the images are not its own; empty where they are.
        inherited: Whether it began with weights that have seen other images than its own.
    """

    seen: Marks | None
    differing: str = ""
    inherited: bool = False

    def and_now(self, training: Images) -> Before:
        """With the images that are trained on now."""
        if self.seen is None:
            return self
        return replace(self, seen=np.union1d(self.seen, training.marks()))

    def counted(self, test: Images) -> tuple[Images, dict[str, Any]]:
        """The test images that count, and what the report says of them.

        Of a run's own images all count, for its search has seen no test image: that one equals a training
        image is said. Of others, or where its weights come from others, those that may have been seen are
        left out, unless none would remain.
        """
        if self.seen is None:
            return test, {SEEN: None, LEFT_OUT: 0, DIFFERENT: self.differing}
        seen = np.isin(test.marks(), self.seen)
        count = int(seen.sum())
        leave = bool(self.differing or self.inherited) and 0 < count < len(test)
        told = {SEEN: count, LEFT_OUT: count if leave else 0, DIFFERENT: self.differing}
        return (Images(test.x[~seen], test.y[~seen]) if leave else test), told


NOTHING = Before(gathered([]))
"""Of a genotype that comes from no search."""


def said_of_test(report: dict[str, Any]) -> str:
    """What a report says of test images that may have been seen before, in words; empty for nothing."""
    if SEEN not in report:
        return ""
    seen, left_out, scored = report[SEEN], report.get(LEFT_OUT), report["test_images"]
    if seen is None:
        return "careful: how many of these test images the search has seen is not known, for its own are gone"
    if left_out:
        return f"left out of the test: {left_out:,} images that were trained or validated on"
    if seen:
        those = f"{seen:,} of these {scored:,} test images"
        return f"careful: {those} are equal to some that were trained or validated on"
    return ""
