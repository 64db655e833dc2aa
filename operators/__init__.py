"""Variation operators, by the genome they vary.

`amoeba` holds the mutations of regularized evolution, `genet` the mutation and the crossover of Genetic CNN,
`hierarchical` the mutation of hierarchical representations. A function with the decorator `mutation` is an
operator; installed packages offer theirs through the entry-point group ``evonas.operators``.
"""

from ..errors import NotApplicable
from ..operator import Operator, mutation

__all__ = ["NotApplicable", "Operator", "mutation"]
