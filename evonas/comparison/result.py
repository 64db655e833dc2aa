"""What `evonas.compare` gives: a comparison that can be looked at, drawn and written."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from .comparison import Comparison
from .figure import draw_curves, draw_heat_map
from .page import drawn, page
from .report import markdown
from .statistics import Test, rank_tests
from .writing import write_all


@dataclass(frozen=True)
class ComparisonResult(Comparison):
    """A comparison of searches that have ended.

    Beside what a `Comparison` has (``records``, ``outcomes(point)``, ``ranks(point)``, ``pairs(point)``):

    Attributes:
        folder: Where it is kept; None for nowhere.
    """

    folder: Path | None = None

    @classmethod
    def of(cls, comparison: Comparison, folder: Path | None) -> Self:
        """A comparison with where it is kept."""
        known = {field.name: getattr(comparison, field.name) for field in fields(Comparison)}
        return cls(**known, folder=folder)

    @property
    def tests(self) -> list[Test]:
        """Every pair of contenders: the difference of their means, p after Holm, and the effect size.

        By retrained winners where both have such of one protocol, else by what the searches came to.
        """
        return rank_tests(self.final_pairs())

    @property
    def report(self) -> Path | None:
        """The report in the folder, as HTML; None where nothing is kept."""
        return None if self.folder is None else self.folder / "comparison.html"

    def to_markdown(self) -> str:
        """The whole comparison in words and numbers."""
        return markdown(self)

    def to_html(self, path: str | Path, over: str = "evaluations") -> Path:
        """Writes the report and the figures as one file.

        Args:
            path: The file.
            over: What curves are drawn over, ``evaluations`` or ``cost``.

        Raises:
            UserError: matplotlib is not installed.
        """
        path = Path(path)
        path.write_text(page(self, drawn(self, over)), encoding="utf-8")
        return path

    def draw_curves(self, path: str | Path, over: str = "evaluations") -> Path:
        """Draws the best so far, with bands of 95 % confidence, as an .svg, .png or .pdf file.

        Raises:
            UserError: The path has another ending, or matplotlib is not installed.
        """
        return draw_curves(self, Path(path), over)

    def draw_heat_map(self, path: str | Path) -> Path:
        """Draws what was varied, likewise.

        Raises:
            UserError: Nothing was varied, the path has another ending, or matplotlib is not installed.
        """
        return draw_heat_map(self, Path(path))

    def write(self, folder: str | Path, figures: str | None = "svg", over: str = "evaluations") -> list[Path]:
        """Writes the report, tables and figures into a folder.

        Args:
            folder: Made where it is missing.
            figures: The form of figures: ``svg``, ``png`` or ``pdf``; None for none.
            over: What curves are drawn over.

        Raises:
            UserError: Figures are wanted, and matplotlib is not installed.
        """
        return write_all(self, Path(folder), figures, over)
