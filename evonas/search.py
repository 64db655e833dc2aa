"""The search loop: ask, evaluate, tell, with everything in the journal before it counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .candidate import DONE, Candidate
from .evaluation import Job, Parent
from .executor import Executor
from .journal import Journal, rank
from .seeds import Stream, derive, guarded
from .strategies import Strategy
from .weights import Stored, WeightStore

BEST_KEPT = 5
"""The weights of so many best candidates are kept, dead or alive."""


@dataclass(frozen=True)
class Limits:
    """When a search stops, and how far it asks ahead.

    Attributes:
        budget: Candidates to evaluate in all.
        look_ahead: Candidates that may be asked before the oldest is told.
        seconds: Time after which no evaluation begins; None for no limit.
    """

    budget: int
    look_ahead: int = 4
    seconds: float | None = None


class Search:
    """One search, from its journal's state to the end of its budget.

    Results are told in the order in which candidates were asked, so the history depends on the seed and the
    look-ahead alone, not on how fast evaluations are.

    Args:
        strategy: Proposes genomes.
        executor: Evaluates them.
        journal: Holds what was done before, and gets what is done.
        store: Keeps weights.
        seed: The run's seed.
        limits: When to stop.
        watch: Called with each candidate when it has been told.
    """

    def __init__(
        self,
        strategy: Strategy,
        executor: Executor,
        journal: Journal,
        store: WeightStore,
        seed: int,
        limits: Limits,
        watch: Callable[[Candidate], None] = lambda candidate: None,
    ) -> None:
        self.strategy = strategy
        self.executor = executor
        self.journal = journal
        self.store = store
        self.seed = seed
        self.limits = limits
        self.watch = watch
        self._asked = 0
        self._untold: dict[int, Candidate] = {}  # in the order asked
        self._known: dict[int, Candidate] = {}  # those whose weights may be inherited
        self._kept: dict[int, Stored] = {}
        self._best: list[Candidate] = []
        self._removable: list[Stored] = []

    def run(self) -> None:
        """Searches until the budget or the time is used up."""
        self._replay()
        began = time.monotonic()
        while True:
            try:
                self._ask_ahead()
            finally:
                self.journal.commit()  # even where an operator raised: what was told is finished
                self._remove_dropped()
            if not self._untold or (self.limits.seconds and time.monotonic() - began >= self.limits.seconds):
                return
            candidate = next(iter(self._untold.values()))
            candidate.result = self.executor.result(candidate.number)
            self._record(candidate)
            self.watch(candidate)

    def _ask_ahead(self) -> None:
        while len(self._untold) < self.limits.look_ahead and self._asked < self.limits.budget:
            with guarded(derive(self.seed, self._asked, Stream.VARIATION)):
                genome = self.strategy.ask()
            if genome is None:
                return
            genome.number = self._asked
            candidate = Candidate(genome.number, genome)
            self.journal.asked(candidate)
            self._hear_asked(candidate)
            self.executor.submit(self._job(candidate))

    def _hear_asked(self, candidate: Candidate) -> None:
        self._asked = candidate.number + 1
        self._untold[candidate.number] = candidate
        self.strategy.asked(candidate.genome)

    def _job(self, candidate: Candidate) -> Job:
        parent = self._known.get(candidate.genome.origin.parents[0]) if candidate.genome.origin.parents else None
        if parent is None or parent.result is None:
            return Job(candidate.number, candidate.genome, self.seed)
        stored = self._kept.get(parent.number)
        load = (lambda: self.store.load(stored)) if stored is not None else (lambda: None)
        inheritance = Parent(parent.genome, parent.result.lineage_epochs, load)
        return Job(candidate.number, candidate.genome, self.seed, inheritance)

    def _record(self, candidate: Candidate) -> None:
        """Puts a fresh result into the journal and tells it; durable at the end of the turn."""
        result = candidate.result
        stored = None
        if result is not None and result.weights is not None and result.status == DONE:
            stored = self.store.save(candidate.number, result.weights)
        self.journal.told(candidate, stored)
        self._hear_told(candidate, stored)
        self._retain()

    def _hear_told(self, candidate: Candidate, stored: Stored | None) -> None:
        del self._untold[candidate.number]
        if candidate.result is not None and candidate.result.fitness is not None:
            candidate.genome.fitness.values = (candidate.result.fitness,)
            self._best = sorted([*self._best, candidate], key=rank)[:BEST_KEPT]
        if candidate.result is not None:
            candidate.result = candidate.result.without_weights()
        if stored is not None:
            self._kept[candidate.number] = stored
        self._known[candidate.number] = candidate
        self.strategy.tell(candidate.genome)

    # -- weights ---------------------------------------------------------------------------------

    def _retain(self) -> None:
        """Drops weights that no living individual, pending child or best candidate needs."""
        needed = self._forget_dead()
        for number in [number for number in self._kept if number not in needed]:
            self.journal.dropped(self._kept[number])
            self._removable.append(self._kept.pop(number))

    def _forget_dead(self) -> set[int]:
        """Keeps only candidates that something may still need; returns their numbers."""
        needed = self.strategy.living()
        needed.update(candidate.number for candidate in self._best)
        needed.update(parent for candidate in self._untold.values() for parent in candidate.genome.origin.parents)
        for number in [number for number in self._known if number not in needed]:
            del self._known[number]
        return needed

    def _remove_dropped(self) -> None:
        for stored in self._removable:
            self.store.remove(stored)
        self._removable.clear()

    # -- resuming --------------------------------------------------------------------------------

    def _replay(self) -> None:
        """Brings the strategy to where the journal ends, without asking it or any operator again."""
        kept = self.journal.kept()
        waiting: dict[int, Candidate] = {}
        for kind, recorded in self.journal.events():
            if kind == "asked":
                candidate = waiting[recorded.number] = Candidate(recorded.number, recorded.genome)
                del candidate.genome.fitness.values
                self._hear_asked(candidate)
            else:
                candidate = waiting.pop(recorded.number)
                candidate.result = recorded.result
                self._hear_told(candidate, kept.get(recorded.number))
                self._forget_dead()
        for candidate in self._untold.values():
            self.executor.submit(self._job(candidate))
