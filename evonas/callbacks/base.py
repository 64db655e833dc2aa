"""The contract of a callback, and what calls several of them."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import UserError
from ..evolution import Leader
from ..search import Onlookers
from .past import Past

if TYPE_CHECKING:
    from ..evolution import Candidate
    from ..run.journal import Journal
    from ..settings import Settings

USUAL_GENERATION = 10
"""Candidates of a generation where the strategy has no population."""


@dataclass(frozen=True)
class Generation:
    """So many candidates as are alive at a time, one after the other as they were told.

    In the genetic algorithm this is a generation of its; aging evolution and the others have none, and it is
    the usual unit to compare them in.

    Attributes:
        number: From 0.
        candidates: Those that were told in it.
        best: The best of the search so far, or None.
    """

    number: int
    candidates: tuple[Candidate, ...]
    best: Candidate | None

    @property
    def mean(self) -> float | None:
        """The mean fitness of those that were evaluated with success; None where none was."""
        known = [candidate.fitness for candidate in self.candidates if candidate.fitness is not None]
        return statistics.fmean(known) if known else None


class Callback:
    """Hears what a search does; override what you need. It must not change what it is given."""

    def on_resume(self, past: Past) -> None:
        """A run goes on, and this was done in it before; called before `on_start`, and only then."""

    def on_start(self, settings: Settings, evaluated: int) -> None:
        """The search is about to evaluate; `evaluated` candidates had ended before, in a run that goes on."""

    def on_candidate(self, candidate: Candidate) -> None:
        """A candidate has ended, with success or not: see its `result`."""

    def on_generation(self, generation: Generation) -> None:
        """As many candidates as live at a time have ended since the last time."""

    def on_end(self) -> None:
        """The search has ended, was stopped, or failed: let go of files."""


class Callbacks:
    """Several callbacks as one, used as a context; `evonas.evolve(..., callbacks=[...])` makes one.

    Args:
        callbacks: Called in this order.
        watch: Called with every candidate, after them.
        begun: Called once, after them, before the first evaluation.
        journal: Of a run that goes on, so that they hear what they would have heard without the stop.

    Raises:
        UserError: One of them is none.

    >>> from evonas.callbacks import Callback
    >>> class Tell(Callback):
    ...     def on_candidate(self, candidate):
    ...         print(candidate.number, candidate.fitness)
    >>> import evonas
    >>> _ = evonas.evolve(
    ...     "genet", budget=2, evaluate=lambda genome, rng: 1.0, needs="genome", callbacks=[Tell()]
    ... )
    0 1.0
    1 1.0
    """

    def __init__(
        self,
        callbacks: Iterable[Callback],
        watch: Callable[[Candidate], None] | None = None,
        begun: Callable[[Settings, int], None] | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.callbacks = tuple(callbacks)
        self._journal = journal
        self._watch = watch
        self._begun = begun
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise UserError(f"callbacks: expected instances of Callback, got {callback!r:.80}")
        self._size = USUAL_GENERATION
        self._evaluated = 0
        self._current: list[Candidate] = []
        self._leader = Leader()

    def started(self, settings: Settings, evaluated: int) -> None:
        """For `started` of a search."""
        population = settings.tactics.get("population")
        self._size = population if isinstance(population, int) and population > 0 else USUAL_GENERATION
        self._evaluated = evaluated
        if evaluated and self._journal is not None and self.callbacks:
            self._recall(Past.of(self._journal))
        for callback in self.callbacks:
            callback.on_start(settings, evaluated)
        if self._begun is not None:
            self._begun(settings, evaluated)

    def _recall(self, past: Past) -> None:
        """Takes up the best so far and the members of the generation that is open."""
        self._leader = Leader(past.best)
        closed = len(past.numbers) - len(past.numbers) % self._size
        self._current = list(past.candidates(past.numbers[closed:]))
        for callback in self.callbacks:
            callback.on_resume(past)

    def watch(self, candidate: Candidate) -> None:
        """For `watch` of a search."""
        self._evaluated += 1
        self._current.append(candidate)
        self._leader.takes(candidate)
        for callback in self.callbacks:
            callback.on_candidate(candidate)
        if self._evaluated % self._size == 0:
            number = self._evaluated // self._size - 1
            generation = Generation(number, tuple(self._current), self._leader.candidate)
            self._current.clear()
            for callback in self.callbacks:
                callback.on_generation(generation)
        if self._watch is not None:
            self._watch(candidate)

    def onlookers(self, others: Onlookers) -> Onlookers:
        """These, and through them whom they were made with; the rest stays the others'."""
        return replace(others, watch=self.watch, started=self.started)

    def __enter__(self) -> Callbacks:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        failed: list[BaseException] = []
        for callback in self.callbacks:
            try:
                callback.on_end()
            except BaseException as problem:  # the others have files to let go of, too
                failed.append(problem)
        first = failed.pop(0) if failed and error is None else None
        for other in failed:
            warnings.warn(f"a callback failed at the end: {other!r:.200}", RuntimeWarning, stacklevel=2)
        if first is not None:
            raise first
