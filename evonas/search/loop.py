"""The search loop: ask, evaluate, tell, with everything in the journal before it counts."""

from __future__ import annotations

import time
from bisect import insort
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UserError
from ..evolution import DONE, FAILED, GIVEN, Candidate, Genome, Heritage, Result
from ..evolution.strategies import Strategy
from ..files import reach
from ..run import Stored, WeightStore
from ..run.journal import Journal, rank
from ..seeds import Stream, derive, guarded, named_seed
from .evaluation import Job, Parent, Shared, sound
from .executors import Executor
from .replay import hearing
from .retention import Shelf

if TYPE_CHECKING:
    import torch

BEST_KEPT = 5
"""The weights of so many best candidates are kept, dead or alive."""

TRIES = 20
"""How often a strategy is asked for a genotype that was not there yet, before one that was is taken."""

KNOWN_AT_ONCE = 1000
"""Of so many candidates, the dead are looked for at each turn; of twice as many, at each second one."""

TURNS_WITHOUT_WEIGHTS = 50
"""How often the dead are looked for where there are no weights to let go of."""


@dataclass(frozen=True)
class Limits:
    """When a search stops, and how far it asks ahead.

    Attributes:
        budget: Candidates to evaluate in all.
        look_ahead: Candidates that may be asked before the oldest is told.
        seconds: Time after which no evaluation begins; None for no limit.
        unique: Whether no architecture is to be evaluated twice, as far as a few more questions help.
        pool: Whether all candidates share one set of weights. It is filled with those that are kept when a
            run is resumed, so that such a run does not go on exactly as it would have.
        asynchronous: Whether results are told as they come, and not in the order asked.
        keep: Bytes that all kept weights may take: so long stay those that nothing needs any more.
    """

    budget: int
    look_ahead: int = 4
    seconds: float | None = None
    unique: bool = False
    pool: bool = False
    asynchronous: bool = False
    keep: int = 0


class Search:
    """One search, from its journal's state to the end of its budget.

    Results are told in the order in which candidates were asked, so the history depends on the seed and the
    look-ahead alone, not on how fast evaluations are; unless it is asynchronous.

    Args:
        strategy: Proposes genomes.
        executor: Evaluates them.
        journal: Holds what was done before, and gets what is done.
        store: Keeps weights.
        seed: The run's seed.
        limits: When to stop.
        watch: Called with each candidate when it has been told.
        given: The trained network that the search begins from, where there is one.

    Raises:
        UserError: Unique architectures are wanted of a strategy that repeats them on purpose.
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
        given: Heritage | None = None,
    ) -> None:
        if limits.unique and strategy.repeats:
            raise UserError(
                f"unique: {type(strategy).__name__} evaluates individuals again on purpose, "
                "so it has no such option"
            )
        self.strategy = strategy
        self.executor = executor
        self.journal = journal
        self.store = store
        self.seed = seed
        self.limits = limits
        self.watch = watch
        self.given = given
        self._asked = 0
        self._told = 0
        self._submitted = 0
        self._untold: dict[int, Candidate] = {}  # in the order asked
        self._awaited: Counter[int] = Counter()  # the parents of those
        self._unmade: deque[int] = deque()  # untold, and not evaluated: their operator failed
        self._known: dict[int, Candidate] = {}  # those whose weights may be inherited
        self._shelf = Shelf(journal, store, limits.keep)
        self._best: list[Candidate] = []
        self._pool = Shared({}, 0.0)
        self._seen: set[str] = set()  # the keys of all, where none is to come twice

    def run(self) -> None:
        """Searches until the budget or the time is used up."""
        self._replay()
        reach("search.replayed")
        began = time.monotonic()
        told: Candidate | None = None
        while True:
            try:
                self._ask_ahead()
                reach("search.asked")
            finally:
                self.journal.commit()  # even where an operator raised: what was told is finished
                self._shelf.remove_dropped()
                reach("search.removed")
            if told is not None:
                self.watch(told)
            self._submit()
            reach("search.submitted")
            late = self.limits.seconds is not None and time.monotonic() - began >= self.limits.seconds
            if late or not self._untold or (self.executor.enough() and not self._in_flight()):
                return
            told = self._next()
            told.result = self._result(told)
            reach("search.result")
            try:
                self._record(told)
            except BaseException:  # somebody wants to stop, or a disk is full
                self.journal.rollback()  # a result and its weights are noted together, or not at all
                raise
            reach("search.told")

    def _in_flight(self) -> bool:
        """Whether the result that is told next is being made, or is there."""
        if self.limits.asynchronous:
            return bool(self._unmade or self.executor.begun())
        oldest = self._next()
        return bool(oldest.genome.origin.failure) or oldest.number in self.executor.begun()

    def _next(self) -> Candidate:
        """Whose result is told next: the oldest candidate's, or, asynchronously, one that has ended."""
        if not self.limits.asynchronous:
            return next(iter(self._untold.values()))
        number = self._unmade.popleft() if self._unmade else self.executor.next_ended()
        return self._untold[number]

    def _result(self, candidate: Candidate) -> Result:
        failure = candidate.genome.origin.failure
        return Result(FAILED, reason=failure) if failure else sound(self.executor.result(candidate.number))

    def _ask_ahead(self) -> None:
        while len(self._untold) < self.limits.look_ahead and self._asked < self.limits.budget:
            genome = self._ask()
            if genome is None:
                return
            genome.number = self._asked
            candidate = Candidate(genome.number, genome)
            self.journal.asked(candidate, self._told)
            self._hear_asked(candidate)

    def _ask(self) -> Genome | None:
        """One proposal; of a new genotype, where that is wanted and asking again helps."""
        seed = derive(self.seed, self._asked, Stream.VARIATION)
        with guarded(seed):
            genome = self.strategy.ask()
        for turn in range(1, TRIES):
            if genome is None or genome.origin.failure:  # which may have taken its whole time
                break
            if not self._seen or genome.key() not in self._seen:
                break
            with guarded(named_seed(seed, f"turn {turn}")):
                genome = self.strategy.ask()
        return genome

    def _hear_asked(self, candidate: Candidate) -> None:
        self._asked = candidate.number + 1
        self._untold[candidate.number] = candidate
        self._awaited.update(candidate.genome.origin.parents)
        if self.limits.unique and not candidate.genome.origin.failure:
            self._seen.add(candidate.genome.key())
        self.strategy.asked(candidate.genome)

    def _submit(self) -> None:
        """Hands over what is asked and in the journal."""
        for number in range(self._submitted, self._asked):
            candidate = self._untold.get(number)  # a resumed run has told some of them
            if candidate is not None and candidate.genome.origin.failure:
                self._unmade.append(number)
            elif candidate is not None:
                self.executor.submit(self._job(candidate))
        self._submitted = self._asked

    def _job(self, candidate: Candidate) -> Job:
        if self.limits.pool:
            return Job(candidate.number, candidate.genome, self.seed, shared=self._pool)
        if self.given is not None and candidate.genome.origin.operator == GIVEN:
            given = self.given
            begun = Parent(given.genome, given.lineage_epochs, lambda: given.weights)
            return Job(candidate.number, candidate.genome, self.seed, begun)
        parents = candidate.genome.origin.parents
        parent = self._known.get(parents[0]) if parents else None
        if parent is None or parent.result is None:
            return Job(candidate.number, candidate.genome, self.seed)
        stored = self._shelf.get(parent.number)
        load = (lambda: self.store.load(stored)) if stored is not None else (lambda: None)
        kept = self.store.place(stored) if stored is not None else None
        inheritance = Parent(parent.genome, parent.result.lineage_epochs, load, kept)
        return Job(candidate.number, candidate.genome, self.seed, inheritance)

    def _record(self, candidate: Candidate) -> None:
        """Puts a fresh result into the journal and tells it; durable at the end of the turn."""
        result = candidate.result
        stored = None
        if result is not None and result.weights is not None and result.status == DONE:
            stored = self.store.save(candidate.number, result.weights)
            self._share(result.weights, result.lineage_epochs)
        self.journal.told(candidate, stored)
        self._hear_told(candidate, stored)
        self._forget_dead()
        self._shelf.clear(self._known.keys())

    def _share(self, weights: Mapping[str, torch.Tensor], lineage_epochs: float) -> None:
        """Takes a candidate's weights into the pool, the newest of each name."""
        if self.limits.pool:
            most = max(lineage_epochs, self._pool.lineage_epochs)
            self._pool = Shared({**self._pool.weights, **weights}, most)

    def _hear_told(self, candidate: Candidate, stored: Stored | None) -> None:
        del self._untold[candidate.number]
        for parent in candidate.genome.origin.parents:
            self._awaited[parent] -= 1
            if not self._awaited[parent]:
                del self._awaited[parent]
        self._told += 1
        result = candidate.result
        if result is not None:
            candidate.result = result.without_weights()
            if result.fitness is not None:
                candidate.genome.fitness.values = (result.fitness,)
                self._place(candidate)
        if stored is not None:
            self._shelf.put(candidate, stored)
        self._known[candidate.number] = candidate
        self.strategy.tell(candidate.genome)

    def _place(self, candidate: Candidate) -> None:
        """Takes a candidate among the best, if it belongs there."""
        if len(self._best) < BEST_KEPT or rank(candidate) < rank(self._best[-1]):
            insort(self._best, candidate, key=rank)
            del self._best[BEST_KEPT:]

    # -- weights ---------------------------------------------------------------------------------

    def _forget_dead(self) -> None:
        """Keeps only candidates whose weights something may still need.

        These are the living, the parents of pending children and the best. Once the budget has ended the
        asking, those that were living then stay too: with a larger budget they could have had children by
        now, and in a run that is extended they will. Where thousands live, or none has weights, not every
        turn looks for the dead.
        """
        if self._asked >= self.limits.budget and len(self._untold) < self.limits.look_ahead - 1:
            return
        apart = 1 + len(self._known) // KNOWN_AT_ONCE if self._shelf.filled else TURNS_WITHOUT_WEIGHTS
        if self._told % apart:
            return
        needed = self.strategy.living()
        needed.update(candidate.number for candidate in self._best)
        needed.update(self._awaited)
        for number in self._known.keys() - needed:
            del self._known[number]

    # -- resuming --------------------------------------------------------------------------------

    def _replay(self) -> None:
        """Brings the strategy to where the journal ends, without asking it or any operator again.

        But where the journal ends because its budget did and there is a larger one now, it is asked where
        it would have been: before the last results were told.
        """
        kept = self.journal.kept()
        asked_before, _ = self.journal.counts()
        for number, event in self.journal.events():
            if not isinstance(event, Result):
                with hearing(self.journal, self.strategy, number):
                    self._hear_asked(Candidate(number, event))
                continue
            if self._asked >= asked_before:
                self._ask_ahead()
            candidate = self._untold[number]
            candidate.result = event
            with hearing(self.journal, self.strategy, number):
                self._hear_told(candidate, kept.get(number))
                self._forget_dead()  # at the same places as before, so that the same weights stay
        self._forget_dead()
        self._shelf.clear(self._known.keys())
        for number in self._shelf if self.limits.pool else ():
            stored, known = self._shelf.get(number), self._known.get(number)
            if stored is not None and known is not None and known.result is not None:
                self._share(self.store.load(stored), known.result.lineage_epochs)
