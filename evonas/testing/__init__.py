"""Contract tests that the authors of operators, genomes, strategies and morphisms inherit.

A test class of pytest's, with one attribute:

    from evonas.testing import OperatorContract
    from my_operators import swap_cells

    class TestSwapCells(OperatorContract):
        operator = swap_cells

`OperatorContract` is for mutations and crossovers, `GenomeContract` for encodings, `StrategyContract` for
search algorithms. `check_morphism`, in `evonas.testing.morphisms`, holds a morphism to its claim; `chains`
and `random_chains` apply many in a row to the networks of `random_networks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later
from .genomes import GenomeContract
from .operators import OperatorContract
from .strategies import StrategyContract

if TYPE_CHECKING:
    from .chains import TOLERANCES, Chain, ChainError, repeat
    from .made_runs import make_run
    from .random_chains import Draw, Limits, draws_of, extend
    from .random_networks import grown, random_architecture

__all__ = [
    "Chain",
    "ChainError",
    "Draw",
    "GenomeContract",
    "Limits",
    "OperatorContract",
    "StrategyContract",
    "TOLERANCES",
    "draws_of",
    "extend",
    "grown",
    "make_run",
    "random_architecture",
    "repeat",
]

__getattr__ = later(
    __name__,
    {
        "chains": "Chain ChainError TOLERANCES repeat",
        "made_runs": "make_run",
        "random_chains": "Draw Limits draws_of extend",
        "random_networks": "grown random_architecture",
    },
)
