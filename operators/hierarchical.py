"""The mutation of hierarchical representations (Liu et al. 2018, Section 3.1), and a crossover.

The paper crosses nobody; `swap_motifs` is for algorithms that do.
"""

from __future__ import annotations

import random

from ..errors import NotApplicable, UserError
from ..evolution import crossover, mutation
from ..genomes.hierarchical import HierarchicalGenome

SWAPPED = 0.5
"""The share of motifs that a crossover swaps: as many come from either parent."""


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


@crossover("hierarchical")
def swap_motifs(
    genome: HierarchicalGenome, other: HierarchicalGenome, rng: random.Random
) -> tuple[HierarchicalGenome, HierarchicalGenome]:
    """Swaps each motif with the other's of the same level and number with probability 0.5.

    A motif reads motifs of the level below by their numbers, so every child is a genotype of the same space.
    The paper has no crossover; this one is ours, after the stages of Genetic CNN (Xie and Yuille 2017).

    Raises:
        NotApplicable: A network would have more parameters than the space allows.
        UserError: Their spaces have other motifs, nodes or primitives.
    """
    for key in ("motifs", "nodes", "primitives"):
        mine, theirs = getattr(genome.space, key), getattr(other.space, key)
        if mine != theirs:
            raise UserError(f"expected parents of one space, got {key} {mine} and {theirs}")
    before = [list(motifs) for one in (genome, other) for motifs in one.levels]
    for own, others in zip(genome.levels, other.levels, strict=True):
        for place in range(len(own)):
            if rng.random() < SWAPPED:
                own[place], others[place] = others[place], own[place]
    if not (genome.is_small_enough() and other.is_small_enough()):
        for motifs, whole in zip((*genome.levels, *other.levels), before, strict=True):
            motifs[:] = whole
        raise NotApplicable
    return genome, other
