"""The contract of a strategy: it proposes genomes and learns how they fared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from deap import base

from ..genome import Genome


@dataclass(frozen=True)
class Start:
    """Where a strategy begins.

    Attributes:
        genome: A genotype to begin from, or None for random ones.
        seed: The run's seed, for what a strategy draws for several proposals at once.
        given: Whether that genotype comes with trained weights.
        asynchronous: Whether results come in any order, so that it is better to propose than to wait for one.
    """

    genome: Genome | None = None
    seed: int = 0
    given: bool = False
    asynchronous: bool = False


class Strategy(ABC):
    """A search algorithm, driven by ask and tell.

    Its state changes only in `asked` and `tell`, never in `ask`: a run is resumed by replaying these two
    from its journal. It never knows how fitness is made.

    Args:
        toolbox: Makes, clones, varies and selects individuals.
        start: Where to begin.
    """

    settings: ClassVar[dict[str, Any]] = {}
    """Names and defaults of the settings that its constructor takes besides."""
    repeats: ClassVar[bool] = False
    """Whether it proposes the same individual again on purpose, so that asking again brings nothing new."""

    def __init__(self, toolbox: base.Toolbox, start: Start) -> None:
        self.toolbox = toolbox
        self.start = start

    @abstractmethod
    def ask(self) -> Genome | None:
        """The next genome to evaluate, or None to wait for a result."""

    @abstractmethod
    def asked(self, genome: Genome) -> None:
        """Hears that a genome (with its `number` set) is being evaluated."""

    @abstractmethod
    def tell(self, genome: Genome) -> None:
        """Hears that an evaluation has ended; a failed one has left the fitness empty."""

    def living(self) -> set[int]:
        """Numbers of the candidates that may still become parents: their weights are kept."""
        return set()
