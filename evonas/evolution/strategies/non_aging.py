"""Non-aging evolution, the control of regularized evolution (Real et al. 2019, Methods and Supplement B)."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import Any, ClassVar

from deap import base, tools

from ...errors import UserError
from ..genome import Genome
from ..toolboxes import use
from ..variation import offspring
from .base import Start, Strategy
from .founding import Founders


class NonAgingEvolution(Strategy):
    """A population of P: the best of a random sample has a child, and the worst of the same sample dies.

    The lines of Algorithm 1 but one: fill the population with random individuals; then, again and again, draw
    S of them with replacement, mutate the best, add the child and, instead of the oldest of all, remove the
    worst of the S. Of several that are equally bad, it is not the parent. Where all S are one individual, it
    dies and leaves its child: nothing else kills the best.

    Who dies is decided as the child is proposed (`Origin.removed`), so that nobody is chosen from then on who
    will be gone. Should the child's evaluation fail, that individual comes back, and the population keeps its
    size.

    Args:
        toolbox: Makes, clones and mutates individuals; its `select` is set to the paper's sample.
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
        use(toolbox, "select", tools.selRandom, k=sample)
        self.population: list[Genome] = []
        self._founders = Founders(toolbox, start, population)
        self._dying: dict[int, Genome] = {}  # by the number of the child that takes the place

    def ask(self) -> Genome | None:
        if not self._founders.complete:
            return self._founders.ask()
        if not self.population:
            return None  # every place is being taken
        sample = self.toolbox.select(self.population)
        parent = max(sample, key=attrgetter("fitness"))
        worst = min(sample, key=lambda one: (one.fitness.wvalues, one is parent))
        child = offspring(self.toolbox, parent)
        child.origin = replace(child.origin, removed=(_number(worst),))
        return child

    def asked(self, genome: Genome) -> None:
        if not self._founders.complete:
            self._founders.asked()
            return
        removed = genome.origin.removed
        dying = next((one for one in self.population if [one.number] == list(removed)), None)
        if dying is None:
            raise UserError(f"non-aging: expected one of the population to be removed, got {removed!r:.60}")
        self.population = [one for one in self.population if one is not dying]  # equal ones may be there
        self._dying[_number(genome)] = dying

    def tell(self, genome: Genome) -> None:
        if not self._founders.complete:
            self._founders.tell(genome)
        survivor: Genome | None = self._dying.pop(_number(genome), None)
        if genome.fitness.valid:
            survivor = genome
        if survivor is not None:
            self.population.append(survivor)

    def living(self) -> set[int]:
        alive = {_number(one) for one in (*self.population, *self._dying.values())}
        return alive | self._founders.living()


def _number(genome: Genome) -> int:
    if genome.number is None:
        raise UserError("non-aging: expected a genome with its number in the run, got one without")
    return genome.number
