"""The cells of NAS-Bench-201: six edges, each with one of five operations (Dong and Yang 2020).

`NasBench201Genome` is the individual (a list of operations), `NasBench201Space` its settings; `cell` holds
the benchmark's text and its name for isomorphic cells, `flow` the cell as a graph without dead parts,
`published` cells by name. All 15,625 are trained and tabulated, so that a whole search takes a second (see
`evonas.tables`).
"""

from .genome import NasBench201Genome
from .space import NasBench201Space

__all__ = ["NasBench201Genome", "NasBench201Space"]
