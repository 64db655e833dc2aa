"""Curves of few searches, whose bands are wide."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from evonas.comparison import Record, Step
from evonas.comparison.comparison import compared
from evonas.comparison.figure import draw_curves


def drawn(path: Path, accuracies: bool) -> set[str]:
    """The texts in a figure of two searches that are far apart."""
    records = [
        Record("one", seed, 6, (Step(1, fitness, None, 1.0),), 6.0, "training images")
        for seed, fitness in enumerate((0.2, 0.9))
    ]
    draw_curves(compared(records, accuracies=accuracies), path)
    return {text.strip() for text in ElementTree.parse(path).getroot().itertext()}


@pytest.mark.parametrize("accuracies", [True, False])
def test_bands_of_accuracies_end_where_accuracies_do(tmp_path: Path, accuracies: bool) -> None:
    texts = drawn(tmp_path / "curves.svg", accuracies)
    beyond = {text for text in texts if text.startswith("\N{MINUS SIGN}") or text in ("200", "400")}
    assert bool(beyond) != accuracies
    assert "evaluations (logarithmic)" in texts
