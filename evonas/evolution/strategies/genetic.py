"""The genetic algorithm of Genetic CNN (Xie and Yuille 2017, Algorithm 1)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean
from typing import Any, ClassVar

from deap import base

from ...errors import UserError
from ...seeds import Stream, derive, guarded
from ..genome import START, Genome, Origin
from ..toolboxes import crosses, use
from ..variation import mated, mutated, offspring, unborn
from .base import Start, Strategy

COPY, MUTATION, CROSSOVER = "copy", "mutation", "crossover"
"""What made a child, where the toolbox's operator does not say it more exactly."""


class GeneticAlgorithm(Strategy):
    """Generations of N individuals: selection, crossover, mutation, and everyone is evaluated again.

    The algorithm's lines: fill the first generation with random individuals. Then, for each generation, (a)
    draw N individuals by `roulette`; (b) cross the consecutive pairs (1, 2), (3, 4), ... with probability
    p_C; (c) mutate each of those that were not crossed with probability p_M; (d) evaluate all N, those that
    nothing changed too. There is no elitism.

    The fitness that selection sees is the mean over all evaluations of an individual in the whole search
    (Section 3.2.4). The same individual is the same genotype as written: bit for bit, as in the paper.
    An individual whose evaluation failed has the worst fitness of its generation: it is never selected,
    unless all have failed, which leaves nothing to choose by.

    An individual whose crossover failed goes on as a failed candidate, its partner as it was.

    A generation is asked ahead as far as the search allows; the next one waits until all are told.

    Args:
        toolbox: Its `select` is set to the paper's roulette; `clone`, `mutate` and `mate` are used as
            registered.
        start: A genotype takes the first place, and mutants of it the others.
        population: N.
        p_m: p_M, with which an individual that was not crossed is mutated.
        p_c: p_C, with which a pair is crossed.

    Raises:
        UserError: N is not positive, p_M or p_C is no probability, or the genome has no crossover.
    """

    settings: ClassVar[dict[str, Any]] = {"population": 20, "p_m": 0.8, "p_c": 0.2}
    repeats = True  # an individual that nothing changed is evaluated again, and its fitness averaged

    def __init__(self, toolbox: base.Toolbox, start: Start, population: int, p_m: float, p_c: float) -> None:
        super().__init__(toolbox, start)
        if population < 1:
            raise UserError(f"population: expected at least 1, got {population}")
        for name, value in (("p_m", p_m), ("p_c", p_c)):
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise UserError(f"{name}: expected a probability from 0 to 1, got {value!r}")
        if p_c and not crosses(toolbox):
            raise UserError(f"p_c: expected 0 for a genome without a crossover operator, got {p_c}")
        self.size, self.p_m, self.p_c = population, p_m, p_c
        use(toolbox, "select", roulette)
        self.generation = 0
        self.population: list[Genome] = []  # the last whole generation, with mean fitness
        self._current: dict[int, Genome] = {}  # what was asked of the generation that follows
        self._pending = 0
        self._rates: dict[str, list[float]] = {}
        self._plan: list[Genome] = []  # all of that generation; a function of the rest of the state

    def ask(self) -> Genome | None:
        place = len(self._current)
        if place == self.size:
            return None
        if self.generation == 0 and self.start.genome is not None:
            if place == 0:
                first = self.start.genome.clone()
                first.origin = Origin((), START)
                return first
            if place == 1 and self._pending:
                return None  # its mutants wait until they can inherit its weights
        if not self._plan:
            with guarded(derive(self.start.seed, self.generation, Stream.GENERATION)):
                self._plan = self._next() if self.population else self._initial()
        return self._plan[place].clone()

    def _initial(self) -> list[Genome]:
        """The first generation: random, or from the start genotype."""
        if self.start.genome is None:
            return list(self.toolbox.population(self.size))
        ancestor = self._current[min(self._current)]
        return [ancestor, *(offspring(self.toolbox, ancestor) for _ in range(self.size - 1))]

    def _next(self) -> list[Genome]:
        """A generation from the last one: selection, crossover, mutation."""
        rng = random.Random(random.getrandbits(64))
        selected = self.toolbox.select(self.population, self.size)
        children = [self._copied(parent) for parent in selected]
        crossed: set[int] = set()
        for place in range(0, self.size - 1, 2):
            if rng.random() < self.p_c:
                children[place : place + 2] = self._crossed(*children[place : place + 2])
                crossed |= {place, place + 1}
        for place, child in enumerate(children):
            if place not in crossed and rng.random() < self.p_m:
                child.origin = Origin(child.origin.parents, MUTATION)
                children[place] = mutated(self.toolbox, child)
        return children

    def _copied(self, parent: Genome) -> Genome:
        child: Genome = self.toolbox.clone(parent)
        return unborn(child, COPY)

    def _crossed(self, first: Genome, second: Genome) -> tuple[Genome, Genome]:
        """Each names as its donor the parent that it began as: most of its stages are expected from there."""
        copied = second.origin
        parents = first.origin.parents + second.origin.parents
        first.origin = Origin(tuple(dict.fromkeys(parents)), CROSSOVER)
        second.origin = Origin(tuple(dict.fromkeys(reversed(parents))), CROSSOVER)
        first, second = mated(self.toolbox, first, second)
        if first.origin.failure:
            second.origin = copied
        return first, second

    def asked(self, genome: Genome) -> None:
        if len(self._current) == self.size:
            raise UserError(f"genetic: expected {self.size} in a generation, got one more")
        self._current[_number(genome)] = genome
        self._pending += 1

    def tell(self, genome: Genome) -> None:
        self._current[_number(genome)] = genome
        self._pending -= 1
        if genome.fitness.valid:
            self._rates.setdefault(str(genome), []).append(genome.fitness.values[0])
        if len(self._current) == self.size and not self._pending:
            # By number: the order in which evaluations ended must not count.
            self.population = [self._rated(self._current[number]) for number in sorted(self._current)]
            self.generation += 1
            self._current, self._plan = {}, []

    def _rated(self, genome: Genome) -> Genome:
        """A copy whose fitness is the mean over all evaluations of its genotype."""
        twin: Genome = self.toolbox.clone(genome)
        if twin.fitness.valid:
            twin.fitness.values = (fmean(self._rates[str(genome)]),)
        return twin

    def living(self) -> set[int]:
        if len(self._current) == self.size:
            return set(self._current)  # the last generation has had its children
        return set(self._current) | {_number(individual) for individual in self.population}


def roulette(individuals: Sequence[Genome], k: int) -> list[Genome]:
    """Russian roulette: k draws with replacement, each in proportion to the lead over the worst.

    So the worst is never drawn (Algorithm 1), nor is one without fitness. Where all tie, which the paper
    leaves open, each is as likely.

    Args:
        individuals: With fitness, where their evaluation did not fail.
        k: Number of draws.
    """
    rates = [individual.fitness.values[0] if individual.fitness.valid else None for individual in individuals]
    worst = min((rate for rate in rates if rate is not None), default=0.0)
    weights = [0.0 if rate is None else rate - worst for rate in rates]
    if not any(weights):
        weights = [float(rate is not None) for rate in rates]
    if not any(weights):
        weights = [1.0 for _ in rates]
    return random.Random(random.getrandbits(64)).choices(individuals, weights, k=k)


def _number(genome: Genome) -> int:
    if genome.number is None:
        raise UserError("genetic: expected a genome with its number in the run, got one without")
    return genome.number
