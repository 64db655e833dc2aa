"""The one phenotype: a graph of named layers, without tensors. Every genome decodes to one.

- `architecture`: the graph, its shapes and cost; `wiring`: its nodes and edges apart from what they mean.
- `layers`: the kinds of layer; a room of its own inside, and where a new kind goes.
- `names`: how nodes may be called. `canonical`: hashes that are equal exactly for isomorphic graphs.
- `channels`: which channels change only together, the one analysis that all changes of width rest on.
- `origins`: where each channel comes from, by name. `signs`: what layers leave as it is.
- `ceilings`: what no candidate may exceed.
"""

from .architecture import Architecture

__all__ = ["Architecture"]
