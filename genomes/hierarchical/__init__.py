"""Hierarchical representations: motifs made of smaller motifs, down to six primitives (Liu et al. 2018).

`HierarchicalGenome` is the individual, `HierarchicalSpace` its settings (motifs and nodes of each level, N,
c0), `Motif` one graph with operations on its edges; `published` holds the best cell of the paper.
"""

from .genome import HierarchicalGenome
from .motif import NO_EDGE, Edge, Motif
from .operations import PRIMITIVES
from .space import HierarchicalSpace

__all__ = ["NO_EDGE", "PRIMITIVES", "Edge", "HierarchicalGenome", "HierarchicalSpace", "Motif"]
