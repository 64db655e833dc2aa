"""`evonas report`: what a run has come to, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from . import grouped, options
from .options import option
from .saying import say


def report(
    folder: options.RunFolder,
    output: Annotated[
        Path | None, option("FILE.html", "Where to; by default DIR/report.html.", "--output", "-o")
    ] = None,
    drawings: Annotated[int | None, option("N", "Draw at most N individuals; by default 60.")] = None,
    operators: options.OwnFiles = None,
) -> None:
    """Write what a run found as one HTML page.

    It has the best network, progress, cost, genealogy, operators and failures, and needs no network.
    """
    from ..report import DRAWN, write_report

    grouped.bring(operators)
    path = write_report(folder, output or folder / "report.html", DRAWN if drawings is None else drawings)
    say(f"{path}: {path.stat().st_size / 1e6:.1f} MB; open it in a browser")
