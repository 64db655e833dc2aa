"""The contract of a strategy."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from ..evolution import Genome, Space, genome_type, make_toolbox, operators_for
from ..evolution.strategies import Start, Strategy
from ..seeds import Stream, derive, guarded
from .checks import require, written


class StrategyContract:
    """Tests that every strategy has to pass; inherit it in a class whose name begins with ``Test``.

    Attributes:
        strategy: The class.
        tactics: Its settings; by default those of its class.
        genome: What it is tried on, by name.
        space: The search space; by default the genome's own.
        budget: Candidates of each trial.
    """

    strategy: ClassVar[type[Strategy]]
    tactics: ClassVar[dict[str, Any]] = {}
    genome: ClassVar[str] = "genet"
    space: ClassVar[Space | None] = None
    budget: ClassVar[int] = 60

    def test_it_uses_up_its_budget(self) -> None:
        """It never waits for results when there are none to come."""
        for look_ahead in (1, 4, 16):
            require(len(self._history(look_ahead)) == self.budget, f"{self._who()}: it stopped early")

    def test_the_same_seed_gives_the_same_history(self) -> None:
        """Its only source of chance is what the engine has seeded."""
        require(self._history(4) == self._history(4), f"{self._who()}: the same seed gave two histories")

    def test_it_continues_from_a_journal_as_if_it_had_not_stopped(self) -> None:
        """Its state changes in `asked` and `tell` alone, so that replaying these brings it back."""
        whole = self._history(4)
        for cut in range(1, self.budget, 7):
            require(
                self._history(4, cut) == whole,
                f"{self._who()}: after a resume at candidate {cut} its history is another one; "
                "change state in asked() and tell() alone, never in ask()",
            )

    def test_it_survives_failures(self) -> None:
        """Candidates without fitness do not end it and are nobody's parents for ever."""
        require(
            len(self._history(4, failing=3)) == self.budget,
            f"{self._who()}: it stopped early where every third candidate failed",
        )

    def test_the_living_have_been_asked(self) -> None:
        """`living` names candidates that exist, so that the weights of others can go."""
        self._drive(self._make(), 4, 0, 0, watched=True)

    # -- what the tests use ------------------------------------------------------------------------

    def _who(self) -> str:
        return f"strategy {self.strategy.__name__}"

    def _make(self) -> Strategy:
        kind = genome_type(self.genome)
        space = self.space or kind.default_space()
        toolbox = make_toolbox(kind, space, operators_for(self.genome))
        return self.strategy(toolbox, Start(None, 0), **{**self.strategy.settings, **self.tactics})

    def _history(self, look_ahead: int, cut: int = 0, failing: int = 0) -> list[tuple[Any, ...]]:
        """What was asked: genotype, parents and operator of each; the strategy is replaced at `cut`."""
        return [
            (written(genome, self._who()), genome.origin.parents, genome.origin.operator)
            for _, genome in self._drive(self._make(), look_ahead, cut, failing)
        ]

    def _drive(
        self, strategy: Strategy, look_ahead: int, cut: int, failing: int, watched: bool = False
    ) -> list[tuple[int, Genome]]:
        """Asks and tells as the engine does, in order; at `cut` a fresh strategy hears it all again."""
        asked: list[tuple[int, Genome]] = []
        events: list[tuple[str, Genome]] = []
        waiting: list[Genome] = []
        while len(asked) < self.budget or waiting:
            while len(waiting) < look_ahead and len(asked) < self.budget:
                with guarded(derive(0, len(asked), Stream.VARIATION)):
                    genome = strategy.ask()
                if genome is None:
                    break
                genome.number = len(asked)
                asked.append((genome.number, genome))
                events.append(("asked", genome))
                strategy.asked(genome)
                waiting.append(genome)
                if cut and len(asked) == cut:
                    strategy = self._replayed(events)
            if not waiting:
                return asked
            told = waiting.pop(0)
            if not failing or (told.number or 0) % failing:
                told.fitness.values = (random.Random(written(told, self._who())).random(),)
            events.append(("told", told))
            strategy.tell(told)
            unknown = strategy.living() - set(range(len(asked))) if watched else ()
            require(not unknown, f"{self._who()}: living() names {unknown}, which were never asked")
        return asked

    def _replayed(self, events: list[tuple[str, Genome]]) -> Strategy:
        """A fresh strategy that has heard what another one did."""
        strategy = self._make()
        for what, genome in events:
            if what == "asked":
                strategy.asked(genome)
            else:
                strategy.tell(genome)
        return strategy
