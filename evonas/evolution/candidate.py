"""A candidate: one proposal of a search and what its evaluation gave."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import Finite, read
from .genome import Genome

if TYPE_CHECKING:
    import torch

DONE = "done"
FAILED = "failed"
PENDING = "pending"

NO_MEMORY = "out of memory"
"""Begins the reason of a candidate that did not get the memory that it asked for."""


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of one evaluation.

    Attributes:
        status: ``done`` or ``failed``.
        fitness: The larger the better; None for a failure.
        reason: Why it failed, in words.
        metrics: Other figures, such as validation loss and accuracy before training.
        parameters: Trained numbers of the network, where one was decoded.
        flops: Floating-point operations for one image, likewise.
        inherited: Share of the parameters that came from the parent, in [0, 1].
        lineage_epochs: Epochs of training that its weights have seen, ancestors' included.
        seconds: That the evaluation took.
        curve: A (training loss, validation accuracy or None) for each epoch.
        weights: The trained tensors, by ``node.tensor``; not part of the journal.
    """

    status: str
    fitness: Finite | None = None
    reason: str = ""
    metrics: Mapping[str, Finite] = dataclasses.field(default_factory=dict)
    parameters: int | None = None
    flops: int | None = None
    inherited: Finite = 0.0
    lineage_epochs: Finite = 0.0
    seconds: Finite = 0.0
    curve: tuple[tuple[Finite, Finite | None], ...] = ()
    weights: Mapping[str, torch.Tensor] | None = dataclasses.field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON, without the weights and without what is as by default."""
        data: dict[str, Any] = {"status": self.status}
        data |= {
            name: value for name, default in _DEFAULTS.items() if (value := getattr(self, name)) != default
        }
        # JSON has no infinities: a metric that is none is left out.
        metrics = {name: value for name, value in self.metrics.items() if math.isfinite(value)}
        if metrics:
            data["metrics"] = metrics
        return data

    @property
    def out_of_memory(self) -> bool:
        """Whether it failed for want of memory, so that it may succeed with more room."""
        return self.status == FAILED and self.reason.startswith(NO_MEMORY)

    def without_weights(self) -> Result:
        """The same result, letting go of the tensors."""
        return self if self.weights is None else dataclasses.replace(self, weights=None)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """The reverse of `to_dict`.

        Raises:
            UserError: A part is unknown, missing or of another type.
        """
        found = read(cls, data, "result")
        if found.status not in (DONE, FAILED):
            raise UserError(f"result status: expected done or failed, got {found.status!r:.60}")
        return found


_DEFAULTS = {
    field.name: field.default
    for field in dataclasses.fields(Result)
    if field.name != "weights" and field.default is not dataclasses.MISSING
}


@dataclasses.dataclass
class Candidate:
    """A genome with its number in the run, and its result once there is one."""

    number: int
    genome: Genome
    result: Result | None = None

    @property
    def fitness(self) -> float | None:
        """The result's fitness, if it has one."""
        return self.result.fitness if self.result else None

    def row(self) -> dict[str, Any]:
        """One line of a history."""
        result = self.result or Result(PENDING)
        return {
            "id": self.number,
            "parents": list(self.genome.origin.parents),
            "operator": self.genome.origin.operator,
            "genome": str(self.genome),
            "fitness": result.fitness,
            "status": result.status,
            "parameters": result.parameters,
            "flops": result.flops,
            "inherited": result.inherited,
            "lineage_epochs": result.lineage_epochs,
            "seconds": result.seconds,
            "reason": result.reason,
            **{f"metric_{name}": value for name, value in result.metrics.items()},
        }


class Leader:
    """The best of the candidates that it was shown; of equal ones the first.

    Attributes:
        candidate: It; None where none has succeeded.
    """

    def __init__(self, candidate: Candidate | None = None) -> None:
        self.candidate = candidate

    @property
    def fitness(self) -> float | None:
        """Its fitness, if there is one."""
        return None if self.candidate is None else self.candidate.fitness

    def takes(self, candidate: Candidate) -> bool:
        """Shows it one more; whether that leads now."""
        fitness, known = candidate.fitness, self.fitness
        better = fitness is not None and (known is None or fitness > known)
        if better:
            self.candidate = candidate
        return better
