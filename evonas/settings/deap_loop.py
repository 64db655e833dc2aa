"""Fitness for loops of DEAP's own: each call evaluates one individual, and weights still reach children."""

from __future__ import annotations

import itertools
import warnings

from ..evolution import Genome, Heritage, Result
from ..search import Evaluator, Job, Parent


class LoopEvaluation:
    """What a toolbox registers as `evaluate`.

    An individual that was evaluated remembers its weights, and so does every copy of it. A copy that was
    varied since starts with them; so does one that is evaluated again as it was. They are kept in memory as
    long as an individual that may need them is. Evaluations are numbered from 0, and each draws from (seed,
    number) alone.

    Attributes:
        results: The result of each evaluation, by number.

    Args:
        evaluator: Gives fitness.
        seed: Of all randomness of evaluations.
    """

    def __init__(self, evaluator: Evaluator, seed: int) -> None:
        self.evaluator = evaluator
        self.seed = seed
        self.results: list[Result] = []
        self._numbers = itertools.count()

    def __call__(self, individual: Genome) -> tuple[float]:
        """Evaluates an individual.

        Returns:
            Its fitness; minus infinity, with a warning that says why, where the evaluation failed.
        """
        number = next(self._numbers)
        parent = individual.heritage
        job = Job(
            number,
            individual,
            self.seed,
            None if parent is None else Parent(parent.genome, parent.lineage_epochs, lambda: parent.weights),
        )
        result = self.evaluator.run(job)
        self.results.append(result.without_weights())
        individual.number = number
        individual.heritage = None
        if result.weights is not None:
            ancestor = individual.clone()
            individual.heritage = Heritage(ancestor, result.lineage_epochs, result.weights)
        if result.fitness is None:
            warnings.warn(f"evaluation {number} failed: {result.reason}", RuntimeWarning, stacklevel=2)
            return (float("-inf"),)
        return (result.fitness,)
