"""How far something long has come: a bar on a terminal, occasional lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..files import printable
from ..results import duration
from .saying import say

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

SECONDS_BETWEEN_LINES = 10.0


class Clock:
    """Estimates what is left from what was done since the beginning.

    Args:
        limit: Seconds after which it ends anyway; None for no limit.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.begin(0, 0)

    def begin(self, total: int, done: int) -> None:
        """Starts counting; `done` of `total` were done before."""
        self.total = total
        self.first = self.done = done
        self.began = self.latest = time.monotonic()

    def advance(self, done: int) -> None:
        """Notes that so many are done now."""
        self.done = done
        self.latest = time.monotonic()

    def left(self) -> float | None:
        """Seconds left; None while nothing is known."""
        now = time.monotonic()
        until_limit = None if self.limit is None else max(0.0, self.limit - (now - self.began))
        if self.done == self.first:
            return until_limit
        pace = (self.latest - self.began) / (self.done - self.first)
        estimate = max(0.0, pace * (self.total - self.done) - (now - self.latest))
        return estimate if until_limit is None else min(estimate, until_limit)


class Progress(ABC):
    """Shows how far something has come; used as a context.

    Args:
        thing: What is counted, in the plural.
        limit: Seconds after which it ends anyway.
    """

    def __init__(self, thing: str, limit: float | None = None) -> None:
        self.thing = thing
        self.clock = Clock(limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def begin(self, headline: str, total: int, done: int = 0, note: str = "") -> None:
        """Says what begins, how much of it there is, and how much was done before."""
        self.clock.begin(total, done)
        self._begin(headline, note)

    def advance(self, done: int, note: str = "") -> None:
        """Says how much is done now, and what is worth knowing about it."""
        self.clock.advance(done)
        self._advance(note)

    @abstractmethod
    def _end(self) -> None: ...

    @abstractmethod
    def _begin(self, headline: str, note: str) -> None: ...

    @abstractmethod
    def _advance(self, note: str) -> None: ...


class Silent(Progress):
    """Shows nothing."""

    def _end(self) -> None: ...

    def _begin(self, headline: str, note: str) -> None: ...

    def _advance(self, note: str) -> None: ...


class Lines(Progress):
    """A line of plain text now and then, for log files."""

    def __init__(
        self, thing: str, limit: float | None = None, between: float = SECONDS_BETWEEN_LINES
    ) -> None:
        super().__init__(thing, limit)
        self.between = between
        self._printed = time.monotonic()

    def _begin(self, headline: str, note: str) -> None:
        say(headline, error=True)
        self._printed = time.monotonic()

    def _end(self) -> None: ...

    def _advance(self, note: str) -> None:
        clock = self.clock
        over = clock.done >= clock.total
        if not over and time.monotonic() - self._printed < self.between:
            return
        left = clock.left()
        ending = "" if over or left is None else f"about {duration(left)} left"
        parts = (f"{clock.done}/{clock.total} {self.thing}", note, ending)
        say(", ".join(part for part in parts if part), error=True)
        self._printed = time.monotonic()


class Bar(Progress):
    """A bar that moves, for a person at a terminal."""

    _bar: RichProgress | None = None
    _task: TaskID | None = None

    def _begin(self, headline: str, note: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, ProgressColumn, TextColumn
        from rich.progress import Progress as RichProgress
        from rich.progress import Task as RichTask
        from rich.text import Text

        clock = self.clock

        class Left(ProgressColumn):
            """The time that is left, counting down between two candidates."""

            def render(self, task: RichTask) -> Text:
                left = clock.left()
                return Text("" if left is None or task.finished else f"{duration(left)} left", style="cyan")

        console = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)
        console.print(printable(headline), soft_wrap=True)
        self._bar = RichProgress(
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}", markup=False),
            TextColumn("{task.fields[note]}", markup=False),
            Left(),
            console=console,
            refresh_per_second=2,
        )
        self._task = self._bar.add_task("", total=clock.total, completed=clock.done, note=printable(note))
        self._bar.start()

    def _advance(self, note: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self.clock.done, note=printable(note), refresh=True)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def make_progress(thing: str, quiet: bool, limit: float | None = None) -> Progress:
    """The progress display that suits standard error."""
    if quiet:
        return Silent(thing, limit)
    from rich.console import Console

    animated = sys.stderr.isatty() and not Console(file=sys.stderr).is_dumb_terminal
    return Bar(thing, limit) if animated else Lines(thing, limit)
