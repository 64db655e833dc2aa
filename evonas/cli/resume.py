"""`evonas resume` goes on with a search."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from . import grouped, options
from .options import option
from .panels import IMAGES, LONG, RARE
from .saying import say

if TYPE_CHECKING:
    from ..results import SearchResult
    from ..search import Onlookers
    from .survey import Survey

OFTEN = ("budget", "max_time", "operators", "workers")
"""Options that most people want: they come first in help."""


def resume(
    context: typer.Context,
    run: options.RunFolder,
    budget: Annotated[
        int | None, option("N", "Candidates in all; by default as the run began.", panel=LONG)
    ] = None,
    max_time: options.MaxTime = None,
    operators: options.Operators = None,
    dataset: Annotated[
        str | None,
        option("FILE.npz|FOLDER", "Where the run's images lie now; others are refused.", panel=IMAGES),
    ] = None,
    data_dir: options.DataDir = None,
    keep: options.Keep = None,
    drop_damaged: Annotated[
        bool,
        typer.Option(
            "--drop-damaged",
            help="Go on without weights whose files are damaged or gone.",
            rich_help_panel=RARE,
        ),
    ] = False,
    workers: options.Workers = None,
    devices: options.Devices = None,
    per_device: options.PerDevice = None,
    device_memory: options.DeviceMemory = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    csv: options.Csv = None,
    tensorboard: options.TensorBoard = False,
    mlflow: options.Mlflow = None,
    finish: options.Finish = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Go on with a run that was stopped or killed, or extend one."""
    from ..api import go_on, load
    from ..settings import Changes, Fitness
    from .conducted import read_conduct
    from .onwards import resuming
    from .session import conduct
    from .targets import located

    conducted = read_conduct(context)
    course = conducted.course(run, grouped.logs(context, run))
    changes = Changes(budget, keep, data_dir, drop_damaged, located(dataset))
    known, whole = _known(run)
    complete = budget is None and known.evaluated >= whole
    if complete and not quiet:
        more = resuming(run, f"--budget {2 * whole}")
        say(f"nothing is left to evaluate; to extend the run: {more}", error=True)

    def searched(onlookers: Onlookers) -> SearchResult:
        if complete:
            return load(run)
        return go_on(run, changes, Fitness(), conducted.operators, replace(course, onlookers=onlookers))

    conduct(run, conducted.output, searched, known)


def _known(run: Path) -> tuple[Survey, int]:
    """What a run has come to, and its budget.

    Raises:
        UserError: Only its caller knows how fitness is made.
    """
    from ..api import load
    from .survey import survey

    with closing((before := load(run)).journal):
        given_by = before.journal.meta().get("fitness")
        if given_by not in ("training", "table"):
            raise UserError(
                f"run {run}: its fitness is a {given_by} in Python: use evonas.resume(..., evaluate=...)"
            )
        return survey(before), before.settings.budget
