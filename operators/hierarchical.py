"""The mutation of hierarchical representations (Liu et al. 2018, Section 3.1)."""

from __future__ import annotations

import random

from ..errors import NotApplicable
from ..evolution import mutation
from ..genomes.hierarchical import HierarchicalGenome


@mutation("hierarchical")
def edge(genome: HierarchicalGenome, rng: random.Random) -> HierarchicalGenome:
    """Draws the operation between two nodes of one motif anew, which may add, alter or remove the edge.

    Level, motif, successor, predecessor and the new operation are each drawn uniformly. A motif is changed
    wherever it is used.

    Raises:
        NotApplicable: The network would have more parameters than the space allows.
    """
    undo = genome.apply(genome.draw_change(rng))
    if not genome.is_small_enough():
        genome.apply(undo)
        raise NotApplicable
    return genome
