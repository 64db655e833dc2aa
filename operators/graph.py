"""Morphisms as mutations of the graph genome, each drawn at a place where it applies.

The weights are those of NASH (Elsken et al. 2018, Section 4): deepen, widen and skip with the same
probability, a skip by addition or by concatenation with the same. The others have the weight 0 until a
recipe's ``[operators]`` or an operator of the same name gives them another.
"""

from __future__ import annotations

import random

from ..evolution import Morphism, Operator, dashed, mutation
from ..genomes.graph import GraphGenome
from .morphisms import (
    AddSkip,
    ConcatSkip,
    Deepen,
    Dilate,
    EnlargeKernel,
    PruneChannels,
    RemoveLayer,
    RemoveSkip,
    ReplicateAdd,
    Separable,
    SplitConcat,
    Undilate,
    Widen,
    ZeroWiden,
)


def morphing(kind: type[Morphism], weight: float) -> Operator:
    """A mutation that applies one kind of morphism at a random place.

    Args:
        kind: The morphism.
        weight: Relative share of the draws.
    """

    def vary(genome: GraphGenome, rng: random.Random) -> GraphGenome:
        genome.take(kind.draw(genome.architecture, rng))
        return genome

    vary.__doc__ = (kind.__doc__ or "").strip().partition("\n")[0]
    return mutation("graph", weight=weight, name=f"graph-{dashed(kind.__name__)}")(vary)


deepen = morphing(Deepen, 1.0)
zero_widen = morphing(ZeroWiden, 1.0)
add_skip = morphing(AddSkip, 0.5)
concat_skip = morphing(ConcatSkip, 0.5)
widen = morphing(Widen, 0.0)
enlarge_kernel = morphing(EnlargeKernel, 0.0)
dilate = morphing(Dilate, 0.0)
undilate = morphing(Undilate, 0.0)
replicate_add = morphing(ReplicateAdd, 0.0)
split_concat = morphing(SplitConcat, 0.0)
prune_channels = morphing(PruneChannels, 0.0)
remove_layer = morphing(RemoveLayer, 0.0)
remove_skip = morphing(RemoveSkip, 0.0)
separable = morphing(Separable, 0.0)
