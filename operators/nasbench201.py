"""The variations of NAS-Bench-201's cells.

`operation` is the mutation of the benchmark's regularized evolution (Dong and Yang 2020, Section 4, and the
authors' code); `edges` and `swap_edges` are a genetic algorithm's, with probabilities that the space holds.
"""

from __future__ import annotations

import random

from ..evolution import crossover, mutation
from ..genomes.nasbench201 import NasBench201Genome
from ..genomes.nasbench201.cell import OPERATIONS

OTHERS = {one: tuple(other for other in OPERATIONS if other != one) for one in OPERATIONS}
"""What each operation can be changed to."""


@mutation("nasbench201")
def operation(genome: NasBench201Genome, rng: random.Random) -> NasBench201Genome:
    """Gives one edge, drawn at random, another operation, drawn at random."""
    place = rng.randrange(len(genome))
    genome[place] = rng.choice(OTHERS[genome[place]])
    return genome


@mutation("nasbench201", weight=0)
def edges(genome: NasBench201Genome, rng: random.Random) -> NasBench201Genome:
    """Gives each edge another operation with probability q_m; it may be that none changes."""
    for place in range(len(genome)):
        if rng.random() < genome.space.q_m:
            genome[place] = rng.choice(OTHERS[genome[place]])
    return genome


@crossover("nasbench201")
def swap_edges(
    genome: NasBench201Genome, other: NasBench201Genome, rng: random.Random
) -> tuple[NasBench201Genome, NasBench201Genome]:
    """Swaps each edge's operation with the other's with probability q_c."""
    for place in range(len(genome)):
        if rng.random() < genome.space.q_c:
            genome[place], other[place] = other[place], genome[place]
    return genome, other
