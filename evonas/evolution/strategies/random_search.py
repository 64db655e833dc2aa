"""Random search: the baseline (Li and Talwalkar 2019; every comparison needs it)."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from deap import base

from ...errors import UserError
from ..genome import RANDOM, START, Genome, Origin
from ..variation import mutated
from .base import Start, Strategy


class RandomSearch(Strategy):
    """Every individual is drawn at random from the space; a start genotype comes first.

    Where a genome's `random` draws nothing, because its paper begins with one trivial individual, a random
    individual is that one after 0 to M random mutations, each number as likely.

    Args:
        toolbox: Makes individuals, and mutates them where that is needed.
        start: A genotype comes first.
        mutations: M.

    Raises:
        UserError: M is negative.
    """

    settings: ClassVar[dict[str, Any]] = {"mutations": 50}

    def __init__(self, toolbox: base.Toolbox, start: Start, mutations: int = 50) -> None:
        super().__init__(toolbox, start)
        if mutations < 0:
            raise UserError(f"mutations: expected at least 0, got {mutations}")
        self.mutations = mutations
        self._started = False

    def ask(self) -> Genome | None:
        if self.start.genome is not None and not self._started:
            first = self.start.genome.clone()
            first.origin = Origin((), START)
            return first
        individual: Genome = self.toolbox.individual()
        if not individual.draws_nothing:
            return individual
        rng = random.Random(random.getrandbits(64))
        for _ in range(rng.randint(0, self.mutations)):
            individual = mutated(self.toolbox, individual)
            if individual.origin.failure:
                return individual
        individual.origin = Origin((), RANDOM)
        return individual

    def asked(self, genome: Genome) -> None:
        self._started = True

    def tell(self, genome: Genome) -> None:
        pass
