"""Random search: the baseline (Li and Talwalkar 2019; every comparison needs it)."""

from __future__ import annotations

from ..genome import START, Genome, Origin
from .base import Strategy


class RandomSearch(Strategy):
    """Every individual is drawn at random from the space; a start genotype comes first."""

    _started = False

    def ask(self) -> Genome | None:
        if self.start.genome is not None and not self._started:
            first = self.start.genome.clone()
            first.origin = Origin((), START)
            return first
        individual: Genome = self.toolbox.individual()
        return individual

    def asked(self, genome: Genome) -> None:
        self._started = True

    def tell(self, genome: Genome) -> None:
        pass
