"""The mutations of regularized evolution (Real et al. 2019, Methods and Figure 2).

With probability 0.05 a child is its parent (identity); otherwise the hidden-state mutation or the
operation mutation is applied, each with probability 0.475.
"""

from __future__ import annotations

import random

from ..evolution import mutation
from ..genomes.amoeba import AmoebaGenome
from ..genomes.amoeba.cell import INPUTS


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
