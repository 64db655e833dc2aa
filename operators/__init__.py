"""Variation operators, by the genome they vary.

`amoeba` holds the mutations of regularized evolution, `genet` the mutation and the crossover of Genetic CNN,
`large_scale` the eleven mutations of Large-scale Evolution, `hierarchical` the mutation of hierarchical
representations, `morphisms` the changes of an architecture that keep its function. A function with the
decorator `mutation` or `crossover` is an operator; installed packages offer theirs through the entry-point
group ``evonas.operators``.
"""

from ..errors import NotApplicable
from ..evolution import Operator, crossover, mutation

__all__ = ["NotApplicable", "Operator", "crossover", "mutation"]
