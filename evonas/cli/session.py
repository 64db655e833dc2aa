"""One search at the command line, from its first line of progress to what is printed at its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..errors import UserError
from ..results import fitness_text, number_of, speed
from .errors import INTERRUPTED, REFUSED
from .figures import read_duration
from .interrupts import StopRequest, stoppable
from .onwards import next_commands, resuming
from .opening import headline_of, opening_lines, running_line
from .outcome import show_best, time_taken
from .page import Page
from .progress import Progress, make_progress
from .saying import say
from .survey import Survey, summary, survey

if TYPE_CHECKING:
    from ..evolution import Candidate
    from ..results import SearchResult
    from ..search import Onlookers, Pace
    from ..settings import Recipe, Settings


@dataclass(frozen=True)
class Output:
    """How much a search says, and how.

    Attributes:
        quiet: Nothing but the run folder.
        as_json: One JSON object on standard output.
        max_time: The option's text; None for no limit.
        finish: Whether Ctrl-C lets candidates be finished that are being evaluated.
    """

    quiet: bool
    as_json: bool
    max_time: str | None
    finish: bool = False

    @property
    def seconds(self) -> float | None:
        """The limit of time.

        Raises:
            UserError: It is no positive time.
        """
        return None if self.max_time is None else read_duration(self.max_time, "max-time")


class Watcher:
    """Turns what a search reports into progress.

    Args:
        folder: The run folder.
        progress: Where to show it.
        request: Checked after each candidate.
        known: What the run had come to before, where it is resumed.
        output: How much is said.
        recipe: What its settings are resolved from, if that is known.
    """

    def __init__(
        self,
        folder: Path,
        progress: Progress,
        request: StopRequest,
        known: Survey | None,
        output: Output,
        recipe: Recipe | None,
    ) -> None:
        from ..evolution import Leader

        self.folder = folder
        self.progress = progress
        self.request = request
        self.output = output
        self.recipe = recipe
        self.new = known is None
        self.leader = Leader(known.best[0] if known and known.best else None)
        self.evaluated = known.evaluated if known else 0
        self.failed = known.failed if known else 0
        self.begun = False
        self.in_flight: list[int] = []
        self.pace: Pace | None = None

    def started(self, settings: Settings, evaluated: int) -> None:
        """The search is about to evaluate its first candidate."""
        self.begun = True
        self.evaluated = evaluated
        lines = [headline_of(settings), running_line(self.folder)]
        if not (self.output.quiet or self.output.as_json):
            lines = opening_lines(settings, self.folder, self.recipe, self.new)
        self.progress.begin("\n".join(lines), settings.budget, evaluated, self._note())

    def dropped(self, numbers: list[int]) -> None:
        """These candidates were being evaluated when somebody stopped the search."""
        self.in_flight = numbers

    def meter(self, pace: Pace) -> None:
        """How fast the search is now."""
        self.pace = pace

    def onlookers(self) -> Onlookers:
        """What a search reports to."""
        from ..search import Onlookers

        return Onlookers(
            self.watch, self.started, self.meter, lambda: self.request.finishing, dropped=self.dropped
        )

    def watch(self, candidate: Candidate) -> None:
        """A candidate has ended."""
        self.evaluated += 1
        self.failed += candidate.fitness is None
        self.leader.takes(candidate)
        self.progress.advance(self.evaluated, self._note())
        self.request.check()

    def _note(self) -> str:
        best = "no result yet"
        if (leading := self.leader.candidate) is not None:
            best = f"best {fitness_text(leading.fitness)} (candidate {leading.number})"
        parts = [best]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.pace is not None:
            parts += speed(self.pace)
        return ", ".join(parts)


def conduct(
    folder: Path,
    output: Output,
    search: Callable[[Onlookers], SearchResult],
    known: Survey | None = None,
    recipe: Recipe | None = None,
) -> None:
    """Runs a search, shows it, and says what came of it.

    Args:
        folder: The run folder.
        output: How to show it.
        search: Does the work; called with who follows it.
        known: What the run had come to before.
        recipe: What its settings are resolved from, if that is known.

    Raises:
        typer.Exit: It was interrupted, or every evaluation failed.
    """
    limit = output.seconds
    from ..run import WeightsError

    progress = make_progress("evaluated", output.quiet, limit)
    began = time.monotonic()
    with stoppable(output.finish) as request:
        watcher = Watcher(folder, progress, request, known, output, recipe)
        request.farewell = f"left at once; to go on: {resuming(folder)}"
        try:
            with progress:
                result = search(watcher.onlookers())
        except KeyboardInterrupt:
            _tell_stopped(folder, output, watcher.in_flight)
            raise typer.Exit(INTERRUPTED) from None
        except (OSError, UserError) as error:
            lasting = isinstance(error, WeightsError) and error.lasting
            if watcher.begun and not lasting:
                say(f"what was done is kept; to go on: {resuming(folder)}", error=True)
            elif watcher.begun:
                words = f"to go on without damaged weights: {resuming(folder, '--drop-damaged')}"
                say(words, error=True)
            raise
    with closing(result.journal):
        found = survey(result)
        if request.finishing and found.evaluated < result.settings.budget:
            _tell_stopped(folder, output, [])
            raise typer.Exit(INTERRUPTED)
        early = limit is not None and time.monotonic() - began >= limit
        _tell_ended(result, found, output, early and found.evaluated < result.settings.budget)
    if found.evaluated and not found.best:
        number, reason = found.failures[-1]
        say(f"error: every evaluation failed; candidate {number}: {reason}", error=True)
        raise typer.Exit(REFUSED)


def _tell_stopped(folder: Path, output: Output, dropped: list[int]) -> None:
    """After Ctrl-C: what is kept and what is not, and how to go on."""
    from ..api import load
    from ..run.journal import FILE

    if not (folder / FILE).is_file():
        say("stopped before the run began", error=True)
        return
    with closing((result := load(folder)).journal):
        found = survey(result)
        done = f"{found.evaluated} of {result.settings.budget} evaluated"
        if dropped:
            which = "candidate" if len(dropped) == 1 else "candidates"
            numbers = " and ".join(", ".join(map(str, dropped)).rsplit(", ", 1))
            say(
                f"dropped: {which} {numbers}, begun and not finished; evaluated anew when the run goes on "
                "(with --finish Ctrl-C waits for them)",
                error=True,
            )
        say(f"stopped, {done}; to go on: {resuming(folder)}", error=True)
        if output.as_json:
            say(json.dumps(summary(result, found)))


def _tell_ended(result: SearchResult, found: Survey, output: Output, early: bool) -> None:
    if early and not output.quiet:
        left = result.settings.budget - found.evaluated
        say(
            f"the time of {output.max_time} is used up, {number_of(left, 'candidate')} short of the budget; "
            f"to go on: {resuming(str(result.folder))}",
            error=True,
        )
    if output.as_json:
        say(json.dumps(summary(result, found)))
    elif output.quiet:
        say(result.folder)
    else:
        _print_ended(result, found)


def _print_ended(result: SearchResult, found: Survey) -> None:
    page = Page()
    done = f"{found.evaluated} of {result.settings.budget} evaluated"
    failed = f", {found.failed} failed" if found.failed else ""
    page.line(f"{done}{failed}, {time_taken(result, found)}")
    if found.failures:
        from ..results import commonest_failure

        page.paragraph(commonest_failure([reason for _, reason in found.failures]))
    if found.best:
        show_best(page, result, found)
    if result.folder is not None:
        page.commands(next_commands(result, found))
