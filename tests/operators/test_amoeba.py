import random
from collections import Counter
from collections.abc import Iterable

import pytest
from evonas.genomes.amoeba import SP_I, AmoebaGenome, AmoebaSpace, Cell
from evonas.operators.amoeba import hidden_state, identity, operation, swap_combinations
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox
from evonas.evolution.variation import offspring

DRAWS = 10_000
UNLIKELY = 1e-4  # the seeds are fixed, so a test that passes once passes always

Place = tuple[int, int, int]
"""Cell, combination, side."""


def agrees(counts: Iterable[int], shares: Iterable[float] | None = None) -> bool:
    """Whether counts may well come from such shares (by default equal ones)."""
    observed = list(counts)
    expected = [share * sum(observed) for share in shares] if shares else None
    return bool(chisquare(observed, expected).pvalue > UNLIKELY)


def elements(genome: AmoebaGenome) -> dict[Place, tuple[str, int]]:
    return {
        (cell, combination, side): genome.cells[cell].combinations[combination][side]
        for cell in range(2)
        for combination in range(len(genome.cells[cell].combinations))
        for side in range(2)
    }


def changes(parent: AmoebaGenome, child: AmoebaGenome) -> dict[Place, tuple[str, int]]:
    """Where a child differs, and what it has there."""
    before = elements(parent)
    return {place: element for place, element in elements(child).items() if element != before[place]}


@pytest.mark.usefixtures("global_random")
def test_identity_hidden_state_and_operation_have_the_papers_probabilities(genome):
    toolbox = make_toolbox(AmoebaGenome, genome.space, operators_for("amoeba"))
    counts = Counter(offspring(toolbox, genome).origin.operator for _ in range(DRAWS))
    names = ["amoeba-identity", "amoeba-hidden-state", "amoeba-operation"]
    assert set(counts) == set(names)
    assert agrees((counts[name] for name in names), (0.05, 0.475, 0.475))


def test_the_hidden_state_mutation_is_uniform_over_places_and_other_states(genome, rng):
    places: Counter[Place] = Counter()
    states: dict[Place, Counter[int]] = {place: Counter() for place in elements(genome)}
    for _ in range(DRAWS):
        child = hidden_state(genome.clone(), rng)
        ((place, (name, state)),) = changes(genome, child).items()  # one element, and never the same state
        assert name == elements(genome)[place][0]
        places[place] += 1
        states[place][state] += 1
    assert agrees(places[place] for place in elements(genome))
    for place, (_, old) in elements(genome).items():
        reachable = [state for state in range(place[1] + 2) if state != old]
        assert set(states[place]) == set(reachable)  # all before the combination: no loop, no state ahead
        assert len(reachable) == 1 or agrees(states[place][state] for state in reachable)


def test_the_operation_mutation_is_uniform_over_places_and_operations(rng):
    # The parent's operation is not in the list, so that every draw shows.
    cell = Cell([(("conv1x1", 0), ("conv1x1", 1))] * 5)
    genome = AmoebaGenome(cell.copy(), cell.copy(), AmoebaSpace())
    places: Counter[Place] = Counter()
    drawn: Counter[str] = Counter()
    for _ in range(DRAWS):
        child = operation(genome.clone(), rng)
        ((place, (name, state)),) = changes(genome, child).items()
        assert state == elements(genome)[place][1]
        places[place] += 1
        drawn[name] += 1
    assert agrees(places[place] for place in elements(genome))
    assert set(drawn) == set(SP_I)
    assert agrees(drawn[name] for name in SP_I)


def test_the_operation_mutation_may_draw_the_same(genome, rng):
    same = sum(operation(genome.clone(), rng) == genome for _ in range(4000))
    assert agrees([same, 4000 - same], (1 / 8, 7 / 8))


def test_the_space_says_what_is_drawn(rng):
    space = AmoebaSpace(operations=("max2x2", "conv3x3"), combinations=2)
    genome = AmoebaGenome.random(space, rng)
    for _ in range(50):
        genome = operation(genome, rng)
    assert {name for name, _ in elements(genome).values()} == {"max2x2", "conv3x3"}


def test_identity_changes_nothing(genome, rng):
    assert identity(genome.clone(), rng) == genome


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_long_lines_of_mutants_stay_valid(seed, combinations):
    rng = random.Random(seed)
    genome = AmoebaGenome.random(AmoebaSpace(combinations=combinations), rng)
    for _ in range(30):
        genome = rng.choice([hidden_state, operation])(genome, rng)
    again = AmoebaGenome.from_dict(genome.to_dict(), genome.space)  # checks every element
    assert again == genome


def test_the_same_generator_gives_the_same_child(genome):
    for mutate in (hidden_state, operation):
        children = [mutate(genome.clone(), random.Random(5)) for _ in range(2)]
        assert children[0] == children[1]


@pytest.mark.usefixtures("global_random")
def test_mutations_draw_from_their_generator_alone(genome, rng):
    state = random.getstate()
    for mutate in (hidden_state, operation, identity):
        mutate(genome.clone(), rng)
    assert random.getstate() == state


def test_a_crossover_swaps_whole_combinations_each_with_probability_one_half(rng):
    one, other = (AmoebaGenome.random(AmoebaSpace(), rng) for _ in range(2))
    swapped: Counter[tuple[int, int]] = Counter()
    for _ in range(400):
        first, second = swap_combinations(one.clone(), other.clone(), rng)
        for cell in range(2):
            for place in range(5):
                before = [parent.cells[cell].combinations[place] for parent in (one, other)]
                now = [child.cells[cell].combinations[place] for child in (first, second)]
                assert now in (before, before[::-1])
                swapped[cell, place] += now != before
    assert len(swapped) == 10 and agrees((sum(swapped.values()), 4000 - sum(swapped.values())))
    assert agrees(swapped.values())


def test_cells_of_different_lengths_are_crossed_where_both_have_a_combination(rng):
    short, long = (AmoebaGenome.random(AmoebaSpace(combinations=count), rng) for count in (2, 4))
    first, second = swap_combinations(short.clone(), long.clone(), rng)
    assert [len(cell.combinations) for cell in (*first.cells, *second.cells)] == [2, 2, 4, 4]
    for own, before in zip(second.cells, long.cells, strict=True):
        assert own.combinations[2:] == before.combinations[2:]
    assert first == AmoebaGenome.from_dict(first.to_dict(), first.space)  # checks every element
