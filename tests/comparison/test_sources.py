"""What functions and classes are told apart by."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from evonas.comparison.sources import source_of


def score(genome: Any, rng: Any, penalty: float = 0.5) -> float:
    """A fitness."""
    return len(genome) - penalty


def with_penalty(penalty: Any) -> Callable[..., float]:
    return lambda genome, rng: len(genome) - penalty


class Score:
    """A fitness that holds something."""

    def __init__(self, penalty: float) -> None:
        self.penalty = penalty
        self.model = object()

    def __call__(self, genome: Any, rng: Any) -> float:
        return len(genome) - self.penalty

    def other(self, genome: Any, rng: Any) -> float:
        return len(genome) + self.penalty


def test_a_function_is_its_text_and_what_it_holds() -> None:
    assert "return len(genome) - penalty" in (source_of(score) or "")
    assert source_of(with_penalty(1)) == source_of(with_penalty(1)) != source_of(with_penalty(2))
    assert source_of(with_penalty([1, {"a": 2}])) != source_of(with_penalty([1, {"a": 3}]))
    assert source_of(with_penalty(object())) == source_of(with_penalty(object()))  # which is not plain
    halves = functools.partial(score, penalty=0.5), functools.partial(score, penalty=0.7)
    assert len({source_of(score), *map(source_of, halves)}) == 3
    names: dict[str, Any] = {}
    exec("def made(genome, rng):\n    return 0\n", names)
    assert source_of(names["made"]) is None


def test_an_object_is_its_class_and_its_plain_values() -> None:
    assert source_of(Score(1)) == source_of(Score(1)) != source_of(Score(2))
    assert source_of(Score(1).other) not in (source_of(Score(1)), source_of(Score(2).other))
    assert source_of(Score) is not None and source_of(math.sqrt) is None and source_of(int) is None
