"""The variations of DARTS's cells: an operation, a node's pair of inputs, and nodes that change places.

DARTS itself moves by gradients (Liu, Simonyan and Yang 2019). What evolution does in its space is what
regularized evolution does in NASNet's (Real et al. 2019, Methods): another operation, or another hidden
state; as the two inputs of a node differ here, they are drawn as a pair.
"""

from __future__ import annotations

import random

from ..evolution import crossover, mutation
from ..genomes.darts import OPERATIONS, Cell, DartsGenome
from ..genomes.darts.cell import INPUTS, NODES, PAIRS

CHOOSING = tuple(place for place in range(NODES) if len(PAIRS[place + INPUTS]) > 1)
"""The nodes that have a choice of inputs: all but the first."""


def _cell(genome: DartsGenome, rng: random.Random) -> Cell:
    return genome.cells[rng.randrange(2)]


@mutation("darts")
def operation(genome: DartsGenome, rng: random.Random) -> DartsGenome:
    """Gives one edge of one cell, drawn uniformly, another operation."""
    cell = _cell(genome, rng)
    place, side = rng.randrange(NODES), rng.randrange(2)
    own = cell.nodes[place].operations[side]
    cell.set_operation(place, side, rng.choice([other for other in OPERATIONS if other != own]))
    return genome


@mutation("darts")
def inputs(genome: DartsGenome, rng: random.Random) -> DartsGenome:
    """Gives one node of one cell another pair of inputs; an input that stays keeps its operation."""
    cell = _cell(genome, rng)
    place = rng.choice(CHOOSING)
    own = cell.nodes[place].inputs
    cell.set_inputs(place, rng.choice([other for other in PAIRS[place + INPUTS] if other != own]))
    return genome


@crossover("darts")
def swap_nodes(
    genome: DartsGenome, other: DartsGenome, rng: random.Random
) -> tuple[DartsGenome, DartsGenome]:
    """Swaps each node, its inputs and operations, with the other's with probability q_c."""
    for own, others in zip(genome.cells, other.cells, strict=True):
        for place in range(NODES):
            if rng.random() < genome.space.q_c:
                own.nodes[place], others.nodes[place] = others.nodes[place], own.nodes[place]
    return genome, other
