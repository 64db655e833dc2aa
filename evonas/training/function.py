"""A fitness that a user wrote: a function of a genome, an architecture or a network, which it may train."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from ..architecture import NO_CEILINGS, Ceilings
from ..errors import UserError
from ..evolution import DONE, Result
from ..search import NEEDS, Evaluator, Job, Needs, UserFunction
from ..seeds import Stream
from ..task import Task


class FunctionEvaluator(Evaluator):
    """A fitness that a user wrote, of a genome, an architecture or a network.

    A function of a network may train it; its tensors afterwards are what children inherit.

    Args:
        function: ``function(thing, rng) -> float`` or a dict with ``fitness`` and other metrics.
        needs: What `thing` is.
        task: The shape of the images and the number of classes.
        inherit: How a network begins (`evonas.inheritance.MODES`).
        ceilings: What no architecture may exceed.
    """

    def __init__(
        self,
        function: UserFunction,
        needs: Needs,
        task: Task,
        inherit: str = "match",
        ceilings: Ceilings = NO_CEILINGS,
    ) -> None:
        if needs not in NEEDS:
            raise UserError(f"needs: expected {', '.join(NEEDS)}, got {needs!r}")
        self.function = function
        self.needs = needs
        self.task = task
        self.inherit = inherit
        self.ceilings = ceilings
        self.keeps_weights = needs == "network"

    def evaluate(self, job: Job) -> Result:
        rng = random.Random(job.stream(Stream.EVALUATION))
        if self.needs == "genome":
            return self._result(self.function(job.genome.clone(), rng))  # which it may change
        architecture = job.genome.decode(self.task)
        self.ceilings.check(architecture)
        costs: dict[str, Any] = {"parameters": architecture.parameter_count(), "flops": architecture.flops()}
        if self.needs == "architecture":
            return self._result(self.function(architecture, rng), **costs)
        from ..inheritance import build_child
        from ..network import weights_of

        child = build_child(architecture, job, self.task, self.inherit)
        returned = self.function(child.network, rng)
        costs |= {"inherited": child.inherited, "lineage_epochs": child.lineage_epochs}
        return self._result(returned, **costs, weights=weights_of(child.network))

    @staticmethod
    def _result(returned: object, **known: Any) -> Result:
        if not isinstance(returned, Mapping):
            return Result(DONE, _number(returned, "a number or a dict with 'fitness'"), **known)
        if "fitness" not in returned:
            raise UserError(
                f"evaluate: expected a number or a dict with 'fitness', got {dict(returned)!r:.80}"
            )
        numbers = {str(name): _number(value, f"a number as {name!r}") for name, value in returned.items()}
        return Result(DONE, numbers.pop("fitness"), metrics=numbers, **known)


def _number(value: Any, expected: str) -> float:
    """A number that a function gave, NaN included; scalars of numpy and torch are numbers too."""
    try:
        if isinstance(value, str | bytes | bytearray):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise UserError(f"evaluate: expected {expected}, got {value!r:.80}") from None
