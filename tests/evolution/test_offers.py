"""What callers bring under a name, and how long it is known."""

from __future__ import annotations

import pytest

from evonas.errors import UserError
from evonas.evolution import brought_apart, find, named_strategy, names
from evonas.evolution.strategies.random_search import RandomSearch


class Outer(RandomSearch):
    """Brought before."""

    name = "own"


class Inner(RandomSearch):
    """Brought within, under the same name."""

    name = "own"


def test_what_is_brought_apart_is_forgotten() -> None:
    """Also where something goes wrong; what was there before is back."""
    with brought_apart():
        named_strategy(Outer)
        with pytest.raises(UserError, match="wrong"), brought_apart():
            assert find("strategies", "own") is Outer
            named_strategy(Inner)
            assert find("strategies", "own") is Inner
            raise UserError("wrong")
        assert find("strategies", "own") is Outer
    assert "own" not in names("strategies")
