"""Comparing searches fairly: several ways to search, many seeds each, one table and one figure.

A search becomes a `Record` (`record.py`): how its best so far rose with what it had spent. `running` runs
contenders times seeds on several processes, `statistics` says what their records show, `report` writes it
down and `figure` draws it. `evonas compare` is all of that as a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .comparison import Comparison, compared, made_with
    from .contender import Contender, check_varied, find_contender, read_choices, varied
    from .figure import check_matplotlib, draw_curves, draw_heat_map
    from .folders import read_runs
    from .identity import identified, shared_by_all
    from .kept import Records
    from .record import Record, Step, record_of
    from .report import markdown, markdown_table, spread
    from .running import Terms, processes, run_all
    from .sheets import curves_csv, rank_tests_csv, searches_csv, summary_csv
    from .statistics import known, mean

__all__ = [
    "Comparison",
    "Contender",
    "Record",
    "Records",
    "Step",
    "Terms",
    "check_matplotlib",
    "check_varied",
    "compared",
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
    "processes",
    "rank_tests_csv",
    "read_choices",
    "read_runs",
    "record_of",
    "run_all",
    "searches_csv",
    "shared_by_all",
    "spread",
    "summary_csv",
    "varied",
]

__getattr__ = later(
    __name__,
    {
        "comparison": "Comparison compared made_with",
        "contender": "Contender check_varied find_contender read_choices varied",
        "figure": "check_matplotlib draw_curves draw_heat_map",
        "folders": "read_runs",
        "identity": "identified shared_by_all",
        "kept": "Records",
        "record": "Record Step record_of",
        "report": "markdown markdown_table spread",
        "running": "Terms processes run_all",
        "sheets": "curves_csv rank_tests_csv searches_csv summary_csv",
        "statistics": "known mean",
    },
)
