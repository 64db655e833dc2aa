"""AmoebaNet: a normal and a reduction cell, each five pairwise combinations (Real et al. 2019).

`AmoebaGenome` is the individual, `AmoebaSpace` its settings (N, F, operations), `Cell` the genotype of
one cell; `published` holds AmoebaNet-A to D.
"""

from .cell import Cell
from .genome import AmoebaGenome
from .operations import OPERATIONS, SP_I, SP_II, SP_III
from .space import AmoebaSpace

__all__ = ["OPERATIONS", "SP_I", "SP_II", "SP_III", "AmoebaGenome", "AmoebaSpace", "Cell"]
