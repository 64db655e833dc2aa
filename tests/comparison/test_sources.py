"""What functions and classes are told apart by."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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


FACTOR = 2


def scaled(genome: Any, rng: Any) -> float:
    return len(genome) * FACTOR


class Slotted(Score):
    """One that holds its values in slots, and builds on another."""

    __slots__ = ("factor",)

    def __init__(self, factor: Any) -> None:
        super().__init__(0.5)
        self.factor = factor


def strategy_of(sample: int) -> type:
    class Made:
        def ask(self) -> int:
            return sample

    return Made


def halved(function: Callable[..., float]) -> Callable[..., float]:
    return lambda genome, rng: function(genome, rng) / 2


def test_what_is_not_plain_hides_nothing_beside_it() -> None:
    """A changed value with a kept digest would pass old searches off as the new code's."""

    def counted(genome: Any, rng: Any, args: Any = 0, weights: Any = ()) -> float:
        return len(genome)

    model = object()
    for one, other in [
        ((1, model), (2, model)),
        ([{"model": model, "a": 1}], [{"model": model, "a": 2}]),
        (np.int64(1), np.int64(2)),
        ({1: "a"}, {1: "b"}),
        ({"a", "b"}, {"a", "c"}),
        (b"1", b"2"),
        (score, with_penalty),
    ]:
        held = [functools.partial(counted, weights=value) for value in (one, other)]
        assert source_of(held[0]) != source_of(held[1]), (one, other)
    first, second = (functools.partial(counted, place, args=1) for place in (1, 2))
    assert source_of(first) != source_of(second)
    itself: list[Any] = []
    itself.append(itself)
    assert source_of(functools.partial(counted, itself)) is not None


def test_lambdas_of_one_line_are_told_apart() -> None:
    one, other, same = (lambda genome, rng: 1), (lambda genome, rng: 2), (lambda genome, rng: 1)
    assert source_of(one) == source_of(same) == "lambda genome, rng: 1" != source_of(other)


def test_what_a_function_reads_of_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    before = source_of(scaled)
    monkeypatch.setitem(globals(), "FACTOR", 3)
    assert source_of(scaled) != before


def test_slots_bases_and_functions_that_are_held() -> None:
    assert source_of(Slotted(1)) == source_of(Slotted(1)) != source_of(Slotted(2))
    assert source_of(Slotted(1).other) != source_of(Slotted(2).other)
    assert "A fitness that holds something" in (source_of(Slotted) or "")
    assert source_of(strategy_of(1)) == source_of(strategy_of(1)) != source_of(strategy_of(2))
    assert source_of(halved(with_penalty(1))) == source_of(halved(with_penalty(1)))
    assert source_of(halved(with_penalty(1))) != source_of(halved(with_penalty(2)))
