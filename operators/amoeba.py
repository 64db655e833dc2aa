"""The mutations of regularized evolution (Real et al. 2019, Methods and Figure 2), and a crossover.

With probability 0.05 a child is its parent (identity); otherwise the hidden-state mutation or the
operation mutation is applied, each with probability 0.475. The paper crosses nobody; `swap_combinations` is
for algorithms that do.
"""

from __future__ import annotations

import random

from ..errors import UserError
from ..evolution import crossover, mutation
from ..genomes.amoeba import AmoebaGenome
from ..genomes.amoeba.cell import INPUTS

SWAPPED = 0.5
"""The share of combinations that a crossover swaps: as many come from either parent."""


def _place(genome: AmoebaGenome, rng: random.Random) -> tuple[int, int, int]:
    """A cell, one of its combinations, one of the two elements: each drawn uniformly."""
    cell = rng.randrange(2)
    return cell, rng.randrange(len(genome.cells[cell].combinations)), rng.randrange(2)


@mutation("amoeba", weight=0.475)
def hidden_state(genome: AmoebaGenome, rng: random.Random) -> AmoebaGenome:
    """Lets one element of one combination read another state of its cell, so that no loop arises."""
    cell, combination, side = _place(genome, rng)
    operation, state = genome.cells[cell].combinations[combination][side]
    others = [other for other in range(combination + INPUTS) if other != state]
    genome.cells[cell].set_element(combination, side, (operation, rng.choice(others)))
    return genome


@mutation("amoeba", weight=0.475)
def operation(genome: AmoebaGenome, rng: random.Random) -> AmoebaGenome:
    """Replaces one operation by one drawn uniformly from the list (which may be the same)."""
    cell, combination, side = _place(genome, rng)
    _, state = genome.cells[cell].combinations[combination][side]
    genome.cells[cell].set_element(combination, side, (rng.choice(genome.space.operations), state))
    return genome


@mutation("amoeba", weight=0.05)
def identity(genome: AmoebaGenome, rng: random.Random) -> AmoebaGenome:
    """Changes nothing: the child is trained again."""
    return genome


@crossover("amoeba")
def swap_combinations(
    genome: AmoebaGenome, other: AmoebaGenome, rng: random.Random
) -> tuple[AmoebaGenome, AmoebaGenome]:
    """Swaps each combination with the other's at the same place with probability 0.5.

    What a combination may read follows from its place alone, so every child is a pair of cells again. Real
    et al. cross nobody. The code of NSGA-Net (Lu et al. 2019) crosses cells of this kind at two points of
    their integer code; here it is a uniform crossover (Syswerda 1989), and combinations stay whole.

    Raises:
        UserError: Their spaces have other operations.
    """
    if {*genome.space.operations} != {*other.space.operations}:
        raise UserError("expected parents of one space, got two with other operations")
    for own, others in zip(genome.cells, other.cells, strict=True):
        for place in range(min(len(own.combinations), len(others.combinations))):
            if rng.random() < SWAPPED:
                mine, theirs = own.combinations[place], others.combinations[place]
                own.combinations[place], others.combinations[place] = theirs, mine
    return genome, other
