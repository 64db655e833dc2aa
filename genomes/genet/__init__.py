"""Genetic CNN (GeNet): a string of bits, one for each possible edge of each stage (Xie and Yuille 2017).

`GenetGenome` is the individual (a list of bits), `GenetSpace` its settings (nodes and filters of the stages,
the fully connected part, q_M and q_C); `stage` reads a stage's bits as a graph, `published` holds the codes
that the paper found.
"""

from .genome import GenetGenome
from .space import GenetSpace

__all__ = ["GenetGenome", "GenetSpace"]
