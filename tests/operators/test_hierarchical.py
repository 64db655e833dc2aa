import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.operators.hierarchical import edge, swap_motifs
from scipy.stats import chisquare

from evonas.errors import NotApplicable
from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox
from evonas.evolution.variation import offspring
from evonas.task import Task

DRAWS = 10_000
UNLIKELY = 1e-4  # the seeds are fixed, so a test that passes once passes always
FLAT = HierarchicalSpace(motifs=(1,), nodes=(11,))


def agrees(counts: Iterable[int], shares: Iterable[float] | None = None) -> bool:
    """Whether counts may well come from such shares (by default equal ones)."""
    observed = list(counts)
    expected = [share * sum(observed) for share in shares] if shares else None
    return bool(chisquare(observed, expected).pvalue > UNLIKELY)


Place = tuple[int, int, int, int]
"""Level, motif, successor, predecessor."""


def operations(genome: HierarchicalGenome) -> dict[Place, int]:
    return {
        (level, number, successor, predecessor): operation
        for level, motifs in enumerate(genome.levels, 2)
        for number, motif in enumerate(motifs, 1)
        for successor, row in enumerate(motif.rows(), 2)
        for predecessor, operation in enumerate(row, 1)
    }


def changes(parent: HierarchicalGenome, child: HierarchicalGenome) -> dict[Place, int]:
    before = operations(parent)
    return {place: operation for place, operation in operations(child).items() if operation != before[place]}


def probability(space: HierarchicalSpace, place: Place) -> float:
    """Section 3.1: a level, a motif, a successor, a predecessor, each uniformly."""
    level, _, successor, _ = place
    motifs, nodes = space.motifs[level - 2], space.nodes[level - 2]
    return 1 / len(space.motifs) / motifs / (nodes - 1) / (successor - 1)


@pytest.mark.parametrize("space", [HierarchicalSpace(mutations=0), FLAT], ids=["hierarchical", "flat"])
def test_the_mutation_is_uniform_over_levels_motifs_successors_and_predecessors(space, rng):
    parent = HierarchicalGenome.chain(space)
    for motifs, count in zip(parent.levels, space.operations, strict=True):
        for motif in motifs:
            motif.operations = [count] * len(motif.operations)
    places: Counter[Place] = Counter()
    drawn: dict[int, Counter[int]] = {level: Counter() for level in range(2, len(space.motifs) + 2)}
    same = Counter()
    for _ in range(DRAWS):
        change = parent.draw_change(rng)
        place, operation = change[:4], change.operation
        places[place] += 1
        drawn[place[0]][operation] += 1
        child = parent.clone()
        child.apply(change)
        same[changes(parent, child) != {place: operation}] += 1
    every = operations(parent)
    assert set(places) <= set(every)
    assert sum(probability(space, place) for place in every) == pytest.approx(1)
    assert agrees((places[place] for place in every), (probability(space, place) for place in every))
    for level, counts in drawn.items():
        # Every operation of the level below, and no edge: the number of them follows from the level.
        assert set(counts) == set(range(space.operations[level - 2] + 1))
        assert agrees(counts.values())
    # The operation that is there may be drawn again: in one of seven draws.
    assert agrees((same[True], same[False]), (1 / 7, 6 / 7))


def test_every_mutation_there_is_can_happen(rng):
    space = HierarchicalSpace(motifs=(2, 1), nodes=(3, 3), primitives=("identity", "max3x3"))
    genome = HierarchicalGenome.chain(space)
    assert len({genome.draw_change(rng) for _ in range(DRAWS)}) == space.mutants == 2 * 3 * 3 + 3 * 3


def test_it_adds_alters_and_removes_edges(rng):
    kinds = Counter()
    genome = HierarchicalGenome.random(HierarchicalSpace(), rng)
    for _ in range(300):
        child = edge(genome.clone(), rng)
        for place, now in changes(genome, child).items():
            before = operations(genome)[place]
            kinds["add" if before == 0 else "remove" if now == 0 else "alter"] += 1
        genome = child
    assert set(kinds) == {"add", "alter", "remove"}


@pytest.mark.usefixtures("global_random")
def test_it_is_the_toolboxs_only_mutation(rng):
    space = HierarchicalSpace(mutations=50)
    toolbox = make_toolbox(HierarchicalGenome, space, operators_for("hierarchical"))
    parent = toolbox.individual()
    parent.number = 7
    for _ in range(50):
        child = offspring(toolbox, parent)
        assert child.origin.operator == "hierarchical-edge"
        assert child.origin.parents == (7,)
        assert len(changes(parent, child)) <= 1


def test_networks_that_would_be_too_large_are_not_made():
    rng = random.Random(1)
    space = HierarchicalSpace.from_dict({**FLAT.to_dict(), "max_parameters": 300_000, "mutations": 100})
    genome = HierarchicalGenome.random(space, rng)
    refused = 0
    for _ in range(150):
        before = genome.clone()
        try:
            genome = edge(genome, rng)
        except NotApplicable:
            refused += 1
            assert genome == before  # unharmed, so that another draw can be made
        assert genome.decode(Task(3, 32, 32, 10)).parameter_count() <= 300_000
    assert 0 < refused < 150


def test_the_same_generator_gives_the_same_child(rng):
    genome = HierarchicalGenome.random(HierarchicalSpace(), rng)
    assert edge(genome.clone(), random.Random(5)) == edge(genome.clone(), random.Random(5))


@pytest.mark.usefixtures("global_random")
def test_it_draws_from_its_generator_alone(rng):
    genome = HierarchicalGenome.random(HierarchicalSpace(), rng)
    state = random.getstate()
    edge(genome, rng)
    HierarchicalGenome.random(HierarchicalSpace(mutations=10), rng)
    assert random.getstate() == state


def test_a_crossover_swaps_whole_motifs_of_one_level_and_number(rng):
    one, other = (HierarchicalGenome.random(HierarchicalSpace(mutations=50), rng) for _ in range(2))
    swapped: Counter[tuple[int, int]] = Counter()
    for _ in range(400):
        first, second = swap_motifs(one.clone(), other.clone(), rng)
        for level, motifs in enumerate(one.levels):
            for place in range(len(motifs)):
                before = [parent.levels[level][place] for parent in (one, other)]
                now = [child.levels[level][place] for child in (first, second)]
                assert now in (before, before[::-1])
                swapped[level, place] += now != before
    assert len(swapped) == 7 and agrees((sum(swapped.values()), 2800 - sum(swapped.values())))
    assert agrees(swapped.values())


def test_a_crossover_that_would_be_too_large_leaves_both_as_they_were():
    rng = random.Random(2)
    parents = [HierarchicalGenome.random(HierarchicalSpace(mutations=100), rng) for _ in range(2)]
    most = max(parent.decode(Task(3, 32, 32, 10)).parameter_count() for parent in parents)
    one, other = (parent.with_space(replace(parent.space, max_parameters=most)) for parent in parents)
    refused = 0
    for _ in range(100):
        first, second = one.clone(), other.clone()
        try:
            swap_motifs(first, second, rng)
        except NotApplicable:
            refused += 1
            assert (first, second) == (one, other)  # unharmed, so that another draw can be made
        assert first.is_small_enough() and second.is_small_enough()
    assert 0 < refused < 100
