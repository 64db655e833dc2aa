"""The variations of Genetic CNN's genetic algorithm (Xie and Yuille 2017, Algorithm 1).

Each changes parts of a genome with a probability that the search space holds, q_M or q_C; how many
individuals they are applied to is the strategy's p_M and p_C.
"""

from __future__ import annotations

import random

from ..evolution import crossover, mutation
from ..genomes.genet import GenetGenome


@mutation("genet")
def flip_bits(genome: GenetGenome, rng: random.Random) -> GenetGenome:
    """Flips each bit with probability q_M; it may be that none flips."""
    q_m, draw = genome.space.q_m, rng.random
    for place in [place for place in range(len(genome)) if draw() < q_m]:
        genome[place] = 1 - genome[place]
    return genome


@crossover("genet")
def swap_stages(
    genome: GenetGenome, other: GenetGenome, rng: random.Random
) -> tuple[GenetGenome, GenetGenome]:
    """Swaps each stage with the other's corresponding one with probability q_C."""
    for stage in genome.space.slices:
        if rng.random() < genome.space.q_c:
            genome[stage], other[stage] = other[stage], genome[stage]
    return genome, other
