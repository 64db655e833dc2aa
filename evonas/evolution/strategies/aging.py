"""Aging evolution, also called regularized evolution (Real et al. 2019, Algorithm 1)."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from deap import base, tools

from ...errors import UserError
from ..genome import START, Genome, Origin
from ..toolboxes import use
from ..variation import offspring
from .base import Start, Strategy


class AgingEvolution(Strategy):
    """A queue of P individuals: the best of a random sample has a child, and the oldest dies.

    The algorithm's lines: fill the population with random individuals; then, again and again, draw S of
    them with replacement, mutate the best, append the child on the right and remove the leftmost. An
    evaluation that failed neither enters nor ages the population. Asynchronously, further random individuals
    are proposed while the population is not full, instead of waiting for the slowest of the first P.

    Args:
        toolbox: Its `select` is set to the paper's tournament.
        start: A genotype takes the first place, and mutants of it the others.
        population: P.
        sample: S.

    Raises:
        UserError: P or S is not positive.
    """

    settings: ClassVar[dict[str, Any]] = {"population": 100, "sample": 25}

    def __init__(self, toolbox: base.Toolbox, start: Start, population: int, sample: int) -> None:
        super().__init__(toolbox, start)
        for name, value in (("population", population), ("sample", sample)):
            if value < 1:
                raise UserError(f"{name}: expected at least 1, got {value}")
        self.size = population
        use(toolbox, "select", tools.selTournament, tournsize=sample)
        self.population: deque[Genome] = deque()
        self._pending = 0
        self._filled = False
        self._ancestor: Genome | None = None

    def ask(self) -> Genome | None:
        if self._filled:
            (parent,) = self.toolbox.select(self.population, 1)
            return offspring(self.toolbox, parent)
        if len(self.population) + self._pending >= self.size and not self.start.asynchronous:
            return None
        return self._initial()

    def _initial(self) -> Genome | None:
        """One of the first P: random, or from the start genotype."""
        if self.start.genome is None:
            individual: Genome = self.toolbox.individual()
            return individual
        if self._ancestor is not None:
            return offspring(self.toolbox, self._ancestor)
        if self._pending:
            return None  # its mutants wait until they can inherit its weights
        first = self.start.genome.clone()
        first.origin = Origin((), START)
        return first

    def asked(self, genome: Genome) -> None:
        if not self._filled:
            self._pending += 1

    def tell(self, genome: Genome) -> None:
        if not self._filled:
            self._pending -= 1
        if self._ancestor is None and genome.origin.operator == START:
            self._ancestor = genome
        if genome.fitness.valid:
            self.population.append(genome)
        self._filled = self._filled or len(self.population) >= self.size
        if len(self.population) > self.size:
            self.population.popleft()

    def living(self) -> set[int]:
        alive = {individual.number for individual in self.population if individual.number is not None}
        if not self._filled and self._ancestor is not None and self._ancestor.number is not None:
            alive.add(self._ancestor.number)
        return alive
