"""Local search, a strong baseline on small spaces (White et al. 2021, Algorithm 1)."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from deap import base

from ...errors import UserError
from ...seeds import Stream, derive
from ..genome import START, Genome, Origin
from .base import Start, Strategy

STEP = "neighbour"
"""What made an individual one step away from the current one."""

MOVES = ("best", "first")


class LocalSearch(Strategy):
    """All neighbours of one individual are evaluated, and the best is the next; else it starts anew.

    The algorithm's lines: evaluate a random individual. Then, again and again, evaluate all its neighbours
    (`Genome.neighbours`) and go to the best, if it is better; where none is, the individual is a local
    optimum, and another random one begins. Genotypes that this search has evaluated before are not evaluated
    again: what they gave is remembered.

    With ``move = "first"`` it goes on as soon as a neighbour is better (the paper's query until lower); the
    neighbours are visited in random order, and those being evaluated then are remembered, and no more.

    Args:
        toolbox: Makes individuals.
        start: A genotype is the first one.
        move: ``best`` or ``first``.

    Raises:
        UserError: `move` is another word; or, as it asks, the genome cannot list its neighbours.
    """

    settings: ClassVar[dict[str, Any]] = {"move": "best"}

    def __init__(self, toolbox: base.Toolbox, start: Start, move: str = "best") -> None:
        super().__init__(toolbox, start)
        if move not in MOVES:
            raise UserError(f"move: expected {' or '.join(MOVES)}, got {move!r}")
        self.move = move
        self.current: Genome | None = None
        self._beginning = False  # whether the individual to begin from is being evaluated
        self._started = False
        self._known: dict[str, Genome | None] = {}  # by text; None while it is being evaluated, or failed
        self._waiting: set[str] = set()
        self._around: dict[str, Genome] = {}  # the current one's neighbours, in the order of their visits
        self._left: set[str] = set()  # those of them that have not ended

    def ask(self) -> Genome | None:
        if self.current is None:
            return None if self._beginning else self._begin()
        upcoming = next((text for text in self._around if text not in self._known), None)
        if upcoming is None:
            return None  # the rest is being evaluated
        child: Genome = self.toolbox.clone(self._around[upcoming])
        number = self.current.number
        child.origin = Origin(() if number is None else (number,), STEP)
        return child

    def _begin(self) -> Genome:
        """A random individual, or the start genotype at first."""
        if self.start.genome is not None and not self._started:
            first = self.start.genome.clone()
            first.origin = Origin((), START)
            return first
        individual: Genome = self.toolbox.individual()
        return individual

    def asked(self, genome: Genome) -> None:
        self._started = True
        if self.current is None:
            self._beginning = True
        self._known.setdefault(str(genome), None)
        self._waiting.add(str(genome))

    def tell(self, genome: Genome) -> None:
        text = str(genome)
        self._waiting.discard(text)
        self._left.discard(text)
        if genome.fitness.valid:
            self._known[text] = genome
        if genome.origin.operator != STEP and self.current is None:
            self._beginning = False
            if genome.fitness.valid:
                self._go_to(genome)
        self._step()  # even of a new beginning all neighbours may be known

    def _step(self) -> None:
        """Goes on to a better neighbour, as far as enough is known to."""
        while self.current is not None:
            if self._left and self.move == "best":
                return
            told = [known for text in self._around if (known := self._known.get(text)) is not None]
            better = [one for one in told if one.fitness > self.current.fitness]
            if better and self.move == "first":
                self._go_to(min(better, key=lambda one: one.number or 0))
            elif self._left:
                return
            elif better:
                self._go_to(max(better, key=lambda one: one.fitness))
            else:
                self.current, self._around = None, {}

    def _go_to(self, genome: Genome) -> None:
        self.current = genome
        around = list(genome.neighbours())
        random.Random(derive(self.start.seed, genome.number or 0, Stream.GENERATION)).shuffle(around)
        self._around = {str(one): one for one in around}
        self._left = {text for text in self._around if text not in self._known or text in self._waiting}

    def living(self) -> set[int]:
        around = (self._known.get(text) for text in self._around)
        alive = {one.number for one in around if one is not None and one.number is not None}
        if self.current is not None and self.current.number is not None:
            alive.add(self.current.number)
        return alive
