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

from .genomes import GenomeContract
from .operators import OperatorContract
from .strategies import StrategyContract

__all__ = ["GenomeContract", "OperatorContract", "StrategyContract"]
