"""The cells of DARTS: four nodes of two inputs each, seven operations (Liu, Simonyan and Yang 2019).

`DartsGenome` is the individual, a normal and a reduction `Cell`; `DartsSpace` its settings (C, layers);
`text` reads and writes the authors' ``Genotype(...)``; `published` has cells of papers that search this
space.
"""

from .cell import OPERATIONS, Cell, Node
from .genome import DartsGenome
from .space import DartsSpace

__all__ = ["OPERATIONS", "Cell", "DartsGenome", "DartsSpace", "Node"]
