"""How a population begins: the first individuals of a steady-state search."""

from __future__ import annotations

from deap import base

from ..genome import START, Genome, Origin
from ..variation import offspring
from .base import Start


class Founders:
    """The first individuals: random, or a start genotype and mutants of it.

    A strategy asks for them until so many have been evaluated; one whose evaluation failed is replaced. Its
    state changes only in `asked` and `tell`.

    Args:
        toolbox: Makes, clones and mutates individuals.
        start: A genotype takes the first place, and mutants of it the others.
        size: How many there are to be.
    """

    def __init__(self, toolbox: base.Toolbox, start: Start, size: int) -> None:
        self.toolbox = toolbox
        self.start = start
        self.size = size
        self.found = 0
        self._pending = 0
        self._ancestor: Genome | None = None

    @property
    def complete(self) -> bool:
        """Whether all have been evaluated."""
        return self.found >= self.size

    def ask(self) -> Genome | None:
        """One more, or None while those that are being evaluated may be enough."""
        if self.found + self._pending >= self.size:
            return None
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

    def asked(self) -> None:
        """One of them is being evaluated."""
        self._pending += 1

    def tell(self, genome: Genome) -> None:
        """One of them has been evaluated, or failed."""
        self._pending -= 1
        self.found += genome.fitness.valid
        if self._ancestor is None and genome.origin.operator == START:
            self._ancestor = genome

    def living(self) -> set[int]:
        """The start genotype, while it may still have mutants."""
        if self.complete or self._ancestor is None or self._ancestor.number is None:
            return set()
        return {self._ancestor.number}
