"""The asynchronous pairwise tournament of Large-scale Evolution (Real et al. 2017, Section 3.1 and S1)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

from deap import base

from ...errors import UserError
from ..genome import START, Genome, Origin
from ..variation import mutated, offspring
from .base import Start, Strategy


class PairwiseTournament(Strategy):
    """Two individuals meet at random: the worse is killed, the better has a child.

    A worker's loop (S1): pick two of the population at random and sort them; if the population is not below
    its set-point, kill the worse; if it is then below, reproduce the better. First, a population of initial
    individuals is made. So it stays at its set-point, and after failures it grows back without a killing.

    Each `ask` runs that loop until a child is made. Candidates that are being evaluated count as part of the
    population, as there; but they are never picked, where a worker of the paper's would train them first. A
    child takes its place as soon as it is asked for, and those whom its tournaments killed leave then. An
    individual whose evaluation fails dies. Where fewer than two are left, the initial one is made again.

    Args:
        toolbox: Makes, clones and mutates individuals.
        start: A genotype takes the first place, and mutants of it the others.
        population: The set-point; at least two, since it takes two to meet.
        mutations: Of each child. The paper's is 1; 5 for a while helped populations out of local optima (S3).

    Raises:
        UserError: The population or the number of mutations is not positive.
    """

    settings: ClassVar[dict[str, Any]] = {"population": 1000, "mutations": 1}

    def __init__(self, toolbox: base.Toolbox, start: Start, population: int, mutations: int) -> None:
        super().__init__(toolbox, start)
        for name, value in (("population", population), ("mutations", mutations)):
            if value < 1:
                raise UserError(f"{name}: expected at least 1, got {value}")
        self.setpoint = max(2, population)
        self.mutations = mutations
        self.population: list[Genome] = []  # those alive and told
        self._pending = 0
        self._asked = 0
        self._ancestor: Genome | None = None

    def ask(self) -> Genome | None:
        if self._asked < self.setpoint:
            return self._initial()
        return self._tournament()

    def _initial(self) -> Genome | None:
        """One of the first: as the space begins, or from the start genotype."""
        if self.start.genome is None:
            individual: Genome = self.toolbox.individual()
            return individual
        if self._ancestor is not None:
            return self._child(self._ancestor)
        if self._pending:
            return None  # its mutants wait until they can inherit its weights
        first = self.start.genome.clone()
        first.origin = Origin((), START)
        return first

    def _tournament(self) -> Genome | None:
        """A worker's loop, on a copy of the population, until there is a child."""
        rng = random.Random(random.getrandbits(64))
        alive = list(self.population)
        killed: list[int] = []
        while len(alive) > 1:
            # Sorting is stable: of equals the first that was picked has the child.
            better, worse = sorted(rng.sample(alive, 2), key=lambda one: one.fitness, reverse=True)
            if len(alive) + self._pending >= self.setpoint:
                alive = [individual for individual in alive if individual is not worse]
                killed.append(_number(worse))
            if len(alive) + self._pending < self.setpoint:
                child = self._child(better)
                child.origin = replace(child.origin, removed=tuple(killed))
                return child
        return None if self._pending else self._initial()

    def _child(self, parent: Genome) -> Genome:
        child = offspring(self.toolbox, parent)
        operators = [child.origin.operator]
        for _ in range(self.mutations - 1):
            if child.origin.failure:
                return child
            child = mutated(self.toolbox, child)
            operators.append(child.origin.operator)
        if child.origin.failure:
            return child
        child.origin = replace(child.origin, operator="+".join(operators))
        return child

    def asked(self, genome: Genome) -> None:
        removed = set(genome.origin.removed)
        self.population = [one for one in self.population if one.number not in removed]
        self._pending += 1
        self._asked += 1

    def tell(self, genome: Genome) -> None:
        self._pending -= 1
        if self._ancestor is None and genome.origin.operator == START:
            self._ancestor = genome
        if genome.fitness.valid:
            self.population.append(genome)

    def living(self) -> set[int]:
        alive = {_number(individual) for individual in self.population}
        if self._asked < self.setpoint and self._ancestor is not None:
            alive.add(_number(self._ancestor))
        return alive


def _number(genome: Genome) -> int:
    if genome.number is None:
        raise UserError("tournament: expected a genome with its number in the run, got one without")
    return genome.number
