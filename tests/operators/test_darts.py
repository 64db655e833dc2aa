"""The variations of DARTS's cells."""

import random
from collections import Counter

from evonas.genomes.darts import OPERATIONS, DartsGenome, DartsSpace
from evonas.operators.darts import inputs, operation, swap_nodes
from scipy.stats import chisquare

from evonas.evolution.registry import operators_for

SPACE = DartsSpace(cells=3, filters=2)
DRAWS = 4000


def changes(before: DartsGenome, after: DartsGenome) -> list[tuple[int, int]]:
    """Cell and node of what differs."""
    return [
        (cell, node)
        for cell in range(2)
        for node in range(4)
        if before.cells[cell].nodes[node] != after.cells[cell].nodes[node]
    ]


def test_their_names() -> None:
    names = {(one.name, one.kind) for one in operators_for("darts")}
    assert names == {
        ("darts-operation", "mutation"),
        ("darts-inputs", "mutation"),
        ("darts-swap-nodes", "crossover"),
    }


def test_an_operation_changes_to_each_of_the_six_others_as_often(rng: random.Random) -> None:
    parent, places, became = DartsGenome.random(SPACE, rng), Counter(), Counter()
    for _ in range(DRAWS):
        child = operation(parent.clone(), rng)
        ((cell, node),) = changes(parent, child)
        before, after = parent.cells[cell].nodes[node], child.cells[cell].nodes[node]
        assert before.inputs == after.inputs
        (side,) = [side for side in range(2) if before.operations[side] != after.operations[side]]
        places[cell, node, side] += 1
        if (cell, node, side) == (0, 0, 0):
            became[after.operations[0]] += 1
    assert len(places) == 16 and chisquare(list(places.values())).pvalue > 1e-4
    assert set(became) == set(OPERATIONS) - {parent.normal.nodes[0].operations[0]}


def test_a_pair_of_inputs_changes_to_each_other_pair_as_often(rng: random.Random) -> None:
    parent, places, became = DartsGenome.random(SPACE, rng), Counter(), Counter()
    for _ in range(DRAWS):
        child = inputs(parent.clone(), rng)
        ((cell, node),) = changes(parent, child)
        before, after = parent.cells[cell].nodes[node], child.cells[cell].nodes[node]
        assert before.inputs != after.inputs
        assert sorted(before.operations) == sorted(after.operations)
        places[cell, node] += 1
        if (cell, node) == (1, 3):
            became[after.inputs] += 1
    assert set(places) == {(cell, node) for cell in range(2) for node in (1, 2, 3)}
    assert chisquare(list(places.values())).pvalue > 1e-4
    assert len(became) == 9 and chisquare(list(became.values())).pvalue > 1e-4


def test_nodes_are_swapped_whole(rng: random.Random) -> None:
    one, other = DartsGenome.random(SPACE, rng), DartsGenome.random(SPACE, rng)
    swapped = 0
    for _ in range(200):
        a, b = swap_nodes(one.clone(), other.clone(), rng)
        for cell in range(2):
            for node in range(4):
                before = (one.cells[cell].nodes[node], other.cells[cell].nodes[node])
                after = (a.cells[cell].nodes[node], b.cells[cell].nodes[node])
                assert after in (before, before[::-1])
                swapped += after != before
    assert 600 < swapped < 1000  # of 1,600 at 0.5


def test_together_they_reach_every_cell_of_one_wiring_from_another(rng: random.Random) -> None:
    """By neighbours: each is one mutation away, and mutations make nothing else."""
    parent = DartsGenome.random(SPACE, rng)
    around = {str(one) for one in parent.neighbours()}
    assert len(around) == 128
    made = {str(vary(parent.clone(), rng)) for vary in (operation, inputs) for _ in range(2000)}
    assert made <= around and len(made) > 120
