"""Hill climbing by network morphisms (NASH; Elsken et al. 2018, Algorithm 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from deap import base

from ...errors import UserError
from ..genome import GIVEN, RANDOM, START, Genome, Origin
from ..variation import mutated, unborn
from .base import Start, Strategy

TRAINED_ON = "trained-on"
"""What made the neighbour that is the current best, with nothing changed."""


class HillClimbing(Strategy):
    """One network at a time: its neighbours are trained, and the best of them is the next.

    The algorithm's lines: train the first model. Then, in each step, make n_neigh - 1 children of the current
    best by n_NM random morphisms each; the last neighbour is the current best itself, trained on as long as
    the others. The best on validation is the next current one. A neighbour whose training failed is left out;
    if all were, the current one stays.

    A learning rate that falls along a cosine in every training, and starts anew in the next, is the paper's
    SGDR; it is part of the training plan.

    With one neighbour nothing is selected: each child follows the last, whatever its fitness. That is the
    paper's random network, its baseline.

    Args:
        toolbox: Makes, clones and mutates individuals.
        start: The first model; otherwise the toolbox's individual is.
        neighbours: n_neigh.
        morphisms: n_NM, operators applied to a child one after the other.
        restart_after: Steps without a better network after which the climb begins anew, from another
            individual; None for never, as in the paper.

    Raises:
        UserError: One is not positive.
    """

    settings: ClassVar[dict[str, Any]] = {"neighbours": 8, "morphisms": 5, "restart_after": None}

    def __init__(
        self,
        toolbox: base.Toolbox,
        start: Start,
        neighbours: int,
        morphisms: int,
        restart_after: int | None = None,
    ) -> None:
        super().__init__(toolbox, start)
        if restart_after is not None and (type(restart_after) is not int or restart_after < 1):
            raise UserError(f"restart_after: expected a whole number of at least 1, got {restart_after!r}")
        for name, value in (("neighbours", neighbours), ("morphisms", morphisms)):
            if value < 1:
                raise UserError(f"{name}: expected at least 1, got {value}")
        self.neighbours, self.morphisms = neighbours, morphisms
        self.current: Genome | None = None
        self._asked: list[int] = []  # this step's neighbours
        self._told: list[Genome] = []
        self._first_pending = False
        self._started = False
        self.restart_after = restart_after
        self._in_vain = 0  # steps since the last better network

    def ask(self) -> Genome | None:
        if self.current is None:
            return None if self._first_pending else self._first()
        if len(self._asked) == self.neighbours:
            return None
        child = unborn(self.toolbox.clone(self.current), TRAINED_ON)
        if len(self._asked) == self.neighbours - 1 > 0:
            return child
        return self._changed(child)

    def _first(self) -> Genome:
        if self.start.genome is None or self._started:
            first: Genome = self.toolbox.individual()
            first.origin = Origin((), RANDOM)
            return first
        first = self.start.genome.clone()
        first.origin = Origin((), GIVEN if self.start.given else START)
        return first

    def _changed(self, child: Genome) -> Genome:
        """A child after n_NM operators."""
        names = []
        for _ in range(self.morphisms):
            child = mutated(self.toolbox, child)
            if child.origin.failure:
                return child
            names.append(child.origin.operator)
        child.origin = replace(child.origin, operator="+".join(names))
        return child

    def asked(self, genome: Genome) -> None:
        self._started = True
        if self.current is None:
            self._first_pending = True
        elif genome.number is not None:
            self._asked.append(genome.number)

    def tell(self, genome: Genome) -> None:
        if self.current is None:
            self._first_pending = False
            if genome.fitness.valid:
                self.current = genome
            return
        self._told.append(genome)
        if len(self._told) == self.neighbours:
            # By number: the order in which trainings ended must not count.
            ranked = sorted(self._told, key=lambda one: one.number or 0)
            valid = [one for one in ranked if one.fitness.valid]
            best = max(valid, key=lambda one: one.fitness) if valid else self.current
            self._in_vain = 0 if best.fitness > self.current.fitness else self._in_vain + 1
            self.current, self._asked, self._told = best, [], []
            if self._in_vain == self.restart_after:
                self.current, self._in_vain = None, 0

    def living(self) -> set[int]:
        alive = {one.number for one in self._told if one.number is not None}
        if self.current is not None and self.current.number is not None:
            alive.add(self.current.number)
        return alive
