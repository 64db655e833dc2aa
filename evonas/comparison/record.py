"""One search as a comparison sees it: how its best so far rose, and what it cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from ..evolution import Candidate
from ..tables import Figures

IMAGES, EPOCHS, EVALUATIONS = "training images", "training epochs", "evaluations"
"""What a search's cost is counted in: images that training has seen; epochs, where a table stands for
training; evaluations, where neither is known."""


@dataclasses.dataclass(frozen=True)
class Step:
    """A moment at which a search found something better.

    Attributes:
        evaluations: Candidates that had ended, this one included.
        fitness: The best so far.
        test: The test accuracy of that one, where a table knows it.
        cost: What had been spent.
    """

    evaluations: int
    fitness: float
    test: float | None
    cost: float


@dataclasses.dataclass(frozen=True)
class Record:
    """A search that has ended.

    Attributes:
        contender: Which way to search.
        seed: The search's.
        evaluations: Candidates that ended.
        steps: Each improvement, in order.
        cost: What was spent in all.
        unit: What cost is counted in.
        failures: Evaluations without fitness.
        repeats: Evaluations of a genotype that had been evaluated before.
        isomorphic: Evaluations of one that an isomorphic one had been before; repeats included.
        training_seconds: What training took, where that is known.
        seconds: What the search took here.
        retrained: Test accuracy of the winner after a training from scratch, where it had one.
        protocol: By which protocol.
        digest: Of all that decided the search (`identity.py`); empty where it is not known.
        failure: Why the first candidate failed of a search that found nothing; empty for any other.
    """

    contender: str
    seed: int
    evaluations: int
    steps: tuple[Step, ...]
    cost: float
    unit: str
    failures: int = 0
    repeats: int = 0
    isomorphic: int = 0
    training_seconds: float | None = None
    seconds: float = 0.0
    retrained: float | None = None
    protocol: str = ""
    digest: str = ""
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        data = dataclasses.asdict(self)
        return data | {"steps": [list(dataclasses.astuple(step)) for step in self.steps]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Record:
        """The reverse of `to_dict`.

        Raises:
            TypeError: It is no such thing; or `KeyError`, likewise.
        """
        found = cls(**{**data, "steps": tuple(Step(*step) for step in data["steps"])})
        texts = (found.contender, found.unit, found.protocol, found.digest, found.failure)
        whole = [found.seed, found.evaluations, found.failures, found.repeats, found.isomorphic]
        whole += [step.evaluations for step in found.steps]
        numbers = [found.cost, found.seconds]
        numbers += [value for step in found.steps for value in (step.fitness, step.cost)]
        optional = (found.training_seconds, found.retrained, *(step.test for step in found.steps))
        numbers += [value for value in optional if value is not None]
        if not (
            all(isinstance(text, str) for text in texts)
            and all(isinstance(number, int) and number >= 0 for number in whole)
            and all(isinstance(number, int | float) for number in numbers)
        ):
            raise TypeError(f"no record of a search: {data!r:.80}")
        return found


def record_of(
    candidates: Iterable[Candidate],
    contender: str,
    seed: int,
    figures: Figures | None = None,
    seconds: float = 0.0,
) -> Record:
    """The record of a search's candidates, in the order in which they were asked.

    Args:
        candidates: Those of a journal.
        contender: Which way to search this is.
        seed: The search's.
        figures: The table that fitness came from, where it did.
        seconds: What the search took.
    """
    meter = _Meter(figures)
    for candidate in candidates:
        if candidate.result is not None:
            meter.read(candidate)
    return Record(
        contender,
        seed,
        meter.evaluations,
        tuple(meter.steps),
        meter.cost,
        meter.unit,
        meter.failures,
        meter.evaluations - len(meter.texts),
        meter.evaluations - len(meter.keys),
        meter.training_seconds,
        seconds,
        failure="" if meter.steps else meter.failure,
    )


_keys: dict[tuple[type, str], str] = {}
"""Structural keys by genotype: those of a small space are asked for again and again."""

KEYS_KEPT = 100_000


class _Meter:
    """Adds up candidates."""

    def __init__(self, figures: Figures | None) -> None:
        self.figures = figures
        self.unit = EVALUATIONS if figures is None else EPOCHS
        self.evaluations = self.failures = 0
        self.failure = ""
        self.cost = 0.0
        self.training_seconds: float | None = None
        self.steps: list[Step] = []
        self.texts: set[str] = set()
        self.keys: set[str] = set()

    def read(self, candidate: Candidate) -> None:
        """Takes one that has ended."""
        result = candidate.result
        if result is None:
            return
        self.evaluations += 1
        text = str(candidate.genome)
        self.texts.add(text)
        self.keys.add(_key(candidate, text))
        self._pay(candidate)
        if result.fitness is None:
            self.failures += 1
            self.failure = self.failure or result.reason
        elif not self.steps or result.fitness > self.steps[-1].fitness:
            test = None if self.figures is None else self.figures.test.get(text)
            self.steps.append(Step(self.evaluations, result.fitness, test, self.cost))

    def _pay(self, candidate: Candidate) -> None:
        metrics = candidate.result.metrics if candidate.result is not None else {}
        if "training_seconds" in metrics:
            self.training_seconds = (self.training_seconds or 0.0) + metrics["training_seconds"]
        if self.figures is not None:
            self.cost += self.figures.epochs
        elif "training_images" in metrics:
            if self.unit != IMAGES:  # those before have failed without having trained
                self.unit, self.cost = IMAGES, 0.0
            self.cost += metrics["training_images"]
        elif self.unit == EVALUATIONS:
            self.cost += 1


def _key(candidate: Candidate, text: str) -> str:
    """The genome's structural key; a failed one may have none."""
    place = type(candidate.genome), text
    if place not in _keys:
        if len(_keys) >= KEYS_KEPT:
            _keys.clear()
        _keys[place] = text if candidate.genome.origin.failure else candidate.genome.key()
    return _keys[place]
