"""The figures of a candidate and of a generation that go into logs, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..evolution import Candidate
    from .base import Generation


def of_candidate(candidate: Candidate) -> dict[str, float]:
    """What is known of a candidate as numbers; of a failed one, that it failed."""
    result = candidate.result
    if result is None:
        return {}
    if result.fitness is None:
        return {"failed": 1.0, "seconds": result.seconds}
    known = {
        "fitness": result.fitness,
        "failed": 0.0,
        "parameters": result.parameters,
        "flops": result.flops,
        "inherited": result.inherited if candidate.genome.origin.parents else None,
        "lineage_epochs": result.lineage_epochs,
        "seconds": result.seconds,
        "accuracy_before": result.metrics.get("accuracy_before"),
    }
    return {name: float(value) for name, value in known.items() if value is not None}


def of_generation(generation: Generation) -> dict[str, float]:
    """Its mean, its best and the best so far."""
    fitness = [c.fitness for c in generation.candidates if c.fitness is not None]
    best = generation.best.fitness if generation.best is not None else None
    known = {"mean": generation.mean, "best_of_generation": max(fitness, default=None), "best": best}
    return {name: value for name, value in known.items() if value is not None}
