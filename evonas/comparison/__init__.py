"""Comparing searches fairly: several ways to search, many seeds each, one table and one figure.

- What is compared: `contender` (a way to search), `asked` (from arguments of `evonas.evolve`), `variations`
  (``--vary``), `own` (what it brings that is installed nowhere), `sources` (the text of that), `plain` (its
  values).
- Searching: `identity` (the digest of what decides a search), `running` (contenders times seeds on several
  processes), `kept` (finished ones in a file), `searches` (which there are, and which are missing).
- What came of it: a search becomes a `Record` (`record`): how its best so far rose with what it had spent;
  `folders` makes such of runs. `comparison` has those of all, `winners` those of retrained winners,
  `statistics` says what they show, `report` and `sheets` write it down, `figure` draws it, `page` is all of
  that as HTML, `writing` a folder with everything.
- Front doors: `library` is `evonas.compare` and `result` what it gives; `evonas compare` is the command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .asked import check_once, check_target, contender_of
    from .comparison import Comparison, compared, made_with
    from .contender import Contender, find_contender
    from .figure import check_matplotlib, draw_curves, draw_heat_map
    from .folders import read_runs
    from .identity import identified, shared_by_all
    from .kept import Records
    from .library import compare
    from .own import Own, read_operators
    from .page import page
    from .record import Record, Step, record_of
    from .report import markdown, markdown_table, spread
    from .result import ComparisonResult
    from .running import Terms, processes, run_all
    from .searches import Question, Searches
    from .sheets import curves_csv, rank_tests_csv, searches_csv, summary_csv
    from .statistics import known, mean
    from .variations import check_varied, read_choices, read_value, varied
    from .writing import write_all

__all__ = [
    "Comparison",
    "ComparisonResult",
    "Contender",
    "Own",
    "Question",
    "Record",
    "Records",
    "Searches",
    "Step",
    "Terms",
    "check_matplotlib",
    "check_once",
    "check_target",
    "check_varied",
    "compare",
    "compared",
    "contender_of",
    "curves_csv",
    "draw_curves",
    "draw_heat_map",
    "find_contender",
    "identified",
    "known",
    "made_with",
    "markdown",
    "markdown_table",
    "mean",
    "page",
    "processes",
    "rank_tests_csv",
    "read_choices",
    "read_operators",
    "read_runs",
    "read_value",
    "record_of",
    "run_all",
    "searches_csv",
    "shared_by_all",
    "spread",
    "summary_csv",
    "varied",
    "write_all",
]

__getattr__ = later(
    __name__,
    {
        "asked": "check_once check_target contender_of",
        "comparison": "Comparison compared made_with",
        "contender": "Contender find_contender",
        "figure": "check_matplotlib draw_curves draw_heat_map",
        "folders": "read_runs",
        "identity": "identified shared_by_all",
        "kept": "Records",
        "library": "compare",
        "own": "Own read_operators",
        "page": "page",
        "record": "Record Step record_of",
        "report": "markdown markdown_table spread",
        "result": "ComparisonResult",
        "running": "Terms processes run_all",
        "searches": "Question Searches",
        "sheets": "curves_csv rank_tests_csv searches_csv summary_csv",
        "statistics": "known mean",
        "variations": "check_varied read_choices read_value varied",
        "writing": "write_all",
    },
)
