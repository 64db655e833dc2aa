"""The graph genome: an architecture itself is what evolves, by morphisms (Elsken et al. 2018).

`GraphGenome` is the individual; `first_model` the network that NASH begins with; `GraphSpace` its settings
and caps. `GraphGenome.of` makes one of any architecture.
"""

from .first_model import first_model
from .genome import GraphGenome
from .space import GraphSpace

__all__ = ["GraphGenome", "GraphSpace", "first_model"]
