"""Large-scale Evolution: networks that grow from nothing, mutation by mutation (Real et al. 2017).

`LargeScaleGenome` is the individual, `Dna` its graph of vertices and edges, `LargeScaleSpace` its settings
and caps. `decode` unfolds a DNA, `cost` measures one without building it, `text` writes and reads it.
"""

from .dna import Dna
from .genome import LargeScaleGenome
from .parts import Activation, Convolution, Edge
from .space import LargeScaleSpace

__all__ = ["Activation", "Convolution", "Dna", "Edge", "LargeScaleGenome", "LargeScaleSpace"]
