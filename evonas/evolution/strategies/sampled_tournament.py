"""Tournament selection in a population that only grows (Liu et al. 2018, Section 3.3 and Algorithm 1)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, ClassVar

from deap import base

from ...errors import UserError
from ..genome import Genome
from ..toolboxes import use
from ..variation import offspring
from .base import Start, Strategy
from .founding import Founders

SIZES = ("growing", "initial")
"""What a tournament takes a share of: the population as it is, or its first individuals."""


class SampledTournament(Strategy):
    """The best of a random 5 % of the population has a child, and nothing is ever removed.

    A tournament is a random *set*: nobody is in it twice. It has at least two members, as far as there are as
    many. An individual whose evaluation failed does not enter the population.

    The paper does not say outright whether the 5 % follow the population as it grows. It does so here unless
    told otherwise: "5% of the population size" stands beside "sampled from the current effective population"
    and "allowing it to grow with time". Since anybody may have a child at any time, the weights of all are
    kept where children inherit.

    Args:
        toolbox: Makes, clones and mutates individuals; its `select` is set to the paper's tournament.
        start: A genotype takes the first place, and mutants of it the others.
        population: Individuals before the first tournament.
        share: Of the population that a tournament takes, in (0, 1].
        tournament: ``growing``: a share of the population as it is; ``initial``: of those first individuals.

    Raises:
        UserError: The population is not positive, the share not in (0, 1], or the tournament another word.
    """

    settings: ClassVar[dict[str, Any]] = {"population": 200, "share": 0.05, "tournament": "growing"}

    def __init__(
        self, toolbox: base.Toolbox, start: Start, population: int, share: float, tournament: str
    ) -> None:
        super().__init__(toolbox, start)
        if population < 1:
            raise UserError(f"population: expected at least 1, got {population}")
        if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share <= 1:
            raise UserError(f"share: expected above 0 and at most 1, got {share!r}")
        if tournament not in SIZES:
            raise UserError(f"tournament: expected {' or '.join(SIZES)}, got {tournament!r}")
        self.share = share
        self.growing = tournament == "growing"
        use(toolbox, "select", tournament_of)
        self.population: list[Genome] = []
        self._founders = Founders(toolbox, start, population)

    @property
    def contestants(self) -> int:
        """How many a tournament takes now."""
        size = len(self.population) if self.growing else self._founders.size
        return min(max(2, round(self.share * size)), len(self.population))

    def ask(self) -> Genome | None:
        if not self._founders.complete:
            return self._founders.ask()
        (parent,) = self.toolbox.select(self.population, 1, self.contestants)
        return offspring(self.toolbox, parent)

    def asked(self, genome: Genome) -> None:
        if not self._founders.complete:
            self._founders.asked()

    def tell(self, genome: Genome) -> None:
        if not self._founders.complete:
            self._founders.tell(genome)
        if genome.fitness.valid:
            self.population.append(genome)

    def living(self) -> set[int]:
        alive = {individual.number for individual in self.population if individual.number is not None}
        return alive | self._founders.living()


def tournament_of(individuals: Sequence[Genome], k: int, contestants: int) -> list[Genome]:
    """The winners of so many tournaments.

    Args:
        individuals: With fitness.
        k: Number of tournaments.
        contestants: Of each, all different.
    """
    rng = random.Random(random.getrandbits(64))
    return [max(rng.sample(individuals, contestants), key=attrgetter("fitness")) for _ in range(k)]
