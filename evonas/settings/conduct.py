"""Running a search that has been put together, from where its journal ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..evolution import Candidate, Heritage
from ..run import Run, WeightStore
from ..run.journal import Journal
from ..search import Ledger, Onlookers
from .assembly import DataChoice, Fitness, Workbench, search_for
from .machines import HERE, Machines
from .operator_choice import OperatorChoice
from .run_images import place_from
from .settings import Settings


@dataclass(frozen=True)
class Conduct:
    """All that running a search takes.

    Attributes:
        settings: What determines it.
        bench: What its evaluations work on.
        choice: Its operators.
        machines: Where evaluations run.
        onlookers: Who follows it.
        max_seconds: No evaluation begins after so long; None for no limit.
        given: The trained network that it begins from, where there is one.
    """

    settings: Settings
    bench: Workbench
    choice: OperatorChoice
    machines: Machines = HERE
    onlookers: Onlookers = field(default_factory=Onlookers)
    max_seconds: float | None = None
    given: Heritage | None = None

    def on(self, machines: Machines, onlookers: Onlookers, max_seconds: float | None) -> Conduct:
        """The same elsewhere, followed by others, or for another time."""
        return replace(self, machines=machines, onlookers=onlookers, max_seconds=max_seconds)

    def begin(self, folder: Path, fitness: Fitness, data: DataChoice) -> None:
        """Runs a new search to its end, in a run folder."""
        facts = {
            **self.bench.facts,
            "variation": self.choice.described(self.settings),
            "fitness": fitness.described,
            "data_dir": str(data.data_dir) if data.data_dir else None,
            "images_from": place_from(self.settings.dataset, folder),
        }
        with Run.create(folder, self.settings, self.given, **facts) as opened:
            self.go_on(opened.journal, opened.store)
            opened.forget_given()

    def go_on(self, journal: Journal, store: WeightStore) -> None:
        """Searches to the end of the budget."""
        with self.machines.executor(self.settings, self.bench.evaluator, self.choice.files()) as executor:
            executor.enough = self.onlookers.enough
            ledger = Ledger(journal, executor)

            def told(candidate: Candidate) -> None:
                self.onlookers.meter(ledger.told(candidate))
                self.onlookers.watch(candidate)

            search = search_for(
                self.settings, executor, journal, store, self.choice, self.max_seconds, told, self.given
            )
            self.onlookers.started(self.settings, journal.counts()[1])
            try:
                with ledger:
                    search.run()
            except KeyboardInterrupt:
                self.onlookers.dropped(sorted(executor.begun()))
                raise
