"""The Large-scale Evolution genome: a DNA that mutations grow from nothing (Real et al. 2017)."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from ...architecture import Architecture
from ...errors import NotApplicable, UserError
from ...evolution import Genome
from ...task import Task
from .cost import bound, measure
from .decode import decode
from .dna import Dna
from .space import LargeScaleSpace
from .text import read, write

THINNEST = 0.5
"""A convolution that would have fewer channels, before they are rounded, is none."""


class LargeScaleGenome(Genome):
    """A graph of vertices and edges, and the learning rate at which its network is trained.

    Attributes:
        dna: The graph; operators replace it.
    """

    name = "large-scale"
    space_type = LargeScaleSpace
    recipe = "large-scale-small"
    good_for = "watching layers arise from a linear model on; it takes many candidates"
    draws_nothing = True
    space: LargeScaleSpace

    def __init__(self, dna: Dna, space: LargeScaleSpace | None = None) -> None:
        super().__init__(space or LargeScaleSpace())
        self.dna = dna

    @classmethod
    def random(cls, space: LargeScaleSpace, rng: random.Random) -> Self:
        """The trivial start, always the same: global pooling and a linear classifier (Section 3.3).

        Nothing is drawn. All that a search finds, its mutations have made.
        """
        return cls(Dna.trivial(space.learning_rate), space)

    @classmethod
    def smallest(cls, space: LargeScaleSpace, task: Task) -> Self:
        """The trivial start, which has no convolution."""
        return cls(Dna.trivial(space.learning_rate), space)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # with what DEAP's tools may have put on it
        twin.dna = self.dna.copy()
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LargeScaleGenome) and self.dna == other.dna and self.space == other.space

    __hash__ = None  # type: ignore[assignment]

    def take(self, dna: Dna) -> None:
        """Puts another DNA in the place of this one, unless its network passes a cap of the space.

        Raises:
            NotApplicable: It does, for images of the reference size, or a convolution would have less than
                half a channel.
        """
        space, task = self.space, self.space.reference_task
        cost = bound(dna, task)
        if cost.thinnest < THINNEST or space.excess(cost):  # perhaps: it takes a closer look
            cost = measure(dna, task)
            excess = space.excess(cost)
            if excess:
                raise NotApplicable(excess)
            if cost.thinnest < THINNEST:
                raise NotApplicable(f"a convolution would have {cost.thinnest:.2g} channels")
        self.dna = dna

    def outside_space(self) -> str:
        """A cap that its network passes for images of the reference size."""
        space, task = self.space, self.space.reference_task
        if not space.excess(bound(self.dna, task)):
            return ""
        return space.excess(measure(self.dna, task)) or ""

    def training(self) -> dict[str, Any]:
        return {"learning_rate": self.dna.learning_rate}

    def decode(self, task: Task) -> Architecture:
        """The network's architecture for a task.

        Raises:
            UserError: For this task, it passes a cap of the space.
        """
        excess = self.space.excess(measure(self.dna, task))
        if excess:
            raise UserError(excess)
        return decode(self.dna, self.space.leak, task)

    def key(self) -> str:
        """Equal exactly for DNAs whose networks for images of the reference size are isomorphic.

        The learning rate does not count: it is no structure.
        """
        return decode(self.dna, self.space.leak, self.space.reference_task).key()

    def to_dict(self) -> dict[str, Any]:
        return self.dna.to_dict()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: LargeScaleSpace) -> Self:
        return cls(Dna.from_dict(data), space)

    @classmethod
    def from_text(cls, text: str, space: LargeScaleSpace) -> Self:
        return cls(read(text), space)

    @classmethod
    def reads(cls, text: str) -> bool:
        return text.lstrip().startswith("lr=")

    def draw(self, path: str | Path, task: Task | None = None) -> Path:
        """Draws the network for a task, by default for images of the reference size."""
        return decode(self.dna, self.space.leak, task or self.space.reference_task).draw(path)

    def __str__(self) -> str:
        return write(self.dna)
