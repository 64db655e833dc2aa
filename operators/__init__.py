"""Variation operators, by the genome they vary.

`amoeba` holds the mutations of regularized evolution. A function with the decorator `mutation` is an
operator; installed packages offer theirs through the entry-point group ``evonas.operators``.
"""

from ..errors import NotApplicable
from ..operator import Operator, mutation

__all__ = ["NotApplicable", "Operator", "mutation"]
