"""What a run has come to, gathered in one pass over its journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..evolution import Candidate
    from ..results import SearchResult

BEST_SHOWN = 5


@dataclass
class Use:
    """How often an operator was used, and how its children fared beside their parent.

    Attributes:
        children: Candidates that it made and whose evaluation has ended; one that it was applied to twice
            counts twice.
        compared: Those of them that can be compared: neither they nor their parent failed.
        better: Those of higher fitness than their parent.
        gained: By how much fitness rose from parent to child, summed over those that are compared.
        unchanged: Those whose genotype is their parent's.
        failed: Those whose evaluation failed.
    """

    children: int = 0
    compared: int = 0
    better: int = 0
    gained: float = 0.0
    unchanged: int = 0
    failed: int = 0

    @property
    def change(self) -> float | None:
        """The mean change of fitness from parent to child; None where none is compared."""
        return self.gained / self.compared if self.compared else None

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        counted = {key: value for key, value in asdict(self).items() if key != "gained"}
        return {**counted, "mean_change": self.change}


@dataclass
class Survey:
    """A run in numbers.

    Attributes:
        evaluated: Candidates whose evaluation has ended, failed ones included.
        seconds: That all evaluations took.
        images: Training images that all candidates have seen, epochs counted.
        best: The best candidates, the best first.
        operators: By name, in the order of first use; at the end those that were never applied.
        composed: Whether some candidate was made by several at once.
        failures: Candidate and reason.
    """

    evaluated: int = 0
    seconds: float = 0.0
    images: int = 0
    best: list[Candidate] = field(default_factory=list)
    operators: dict[str, Use] = field(default_factory=dict)
    composed: bool = False
    failures: list[tuple[int, str]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Candidates whose evaluation failed."""
        return len(self.failures)


def survey(result: SearchResult) -> Survey:
    """Reads a run's journal once."""
    from ..run.journal import best_candidates
    from ..settings import drawn_from

    found = Survey()
    found.best = best_candidates(_noting(result, found), BEST_SHOWN)
    _add_unused(found, drawn_from(result.journal.meta().get("variation") or {}))
    return found


def _add_unused(found: Survey, drawn: Mapping[str, str]) -> None:
    """Adds the operators without a child, but no installed one of a kind that the search does not use."""
    kinds = {drawn[name] for name in found.operators if name in drawn}
    if found.evaluated:
        for name, kind in drawn.items():
            if not kind or kind in kinds:
                found.operators.setdefault(name, Use())


def _noting(result: SearchResult, found: Survey) -> Iterator[Candidate]:
    """Passes the candidates on, adding each to the survey."""
    from ..evolution import FAILED
    from ..evolution.strategies import TRAINED_ON

    fitness: dict[int, float] = {}
    genotypes: dict[int, int] = {}  # hashes of their texts: a key of a large network can be dear
    for candidate in result.journal.candidates():
        outcome = candidate.result
        genotypes[candidate.number] = hash(str(candidate.genome))
        if outcome is not None:
            found.evaluated += 1
            found.seconds += outcome.seconds
            found.images += int(outcome.metrics.get("training_images", 0))
            if outcome.status == FAILED:
                found.failures.append((candidate.number, outcome.reason))
            if outcome.fitness is not None:
                fitness[candidate.number] = outcome.fitness
            origin = candidate.genome.origin
            before = fitness.get(origin.parents[0]) if origin.parents else None
            same = genotypes[candidate.number] in (genotypes.get(parent) for parent in origin.parents)
            names = origin.operator.split("+")  # a strategy may apply several
            found.composed |= len(names) > 1
            for name in names:
                use = found.operators.setdefault(name, Use())
                use.children += 1
                use.failed += outcome.status == FAILED
                use.unchanged += same and outcome.status != FAILED and name != TRAINED_ON
                if before is not None and outcome.fitness is not None:
                    use.compared += 1
                    use.better += outcome.fitness > before
                    use.gained += outcome.fitness - before
        yield candidate


def summary(result: SearchResult, found: Survey) -> dict[str, Any]:
    """What ``--json`` prints after a search."""
    return {
        "run": str(result.folder),
        "evaluated": found.evaluated,
        "failed": found.failed,
        "budget": result.settings.budget,
        "best": described(found.best[0]) if found.best else None,
    }


def described(candidate: Candidate) -> dict[str, Any]:
    """An evaluated candidate for JSON."""
    outcome = candidate.result
    return {
        "id": candidate.number,
        "fitness": candidate.fitness,
        "genome": candidate.genome.to_dict(),
        "parameters": outcome.parameters if outcome else None,
        "flops": outcome.flops if outcome else None,
    }
