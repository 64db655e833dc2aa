"""Local search (White et al. 2021, Algorithm 1), against a plain loop, and on its own terms."""

from __future__ import annotations

import pytest
from evonas.genomes.genet import GenetGenome, GenetSpace

from evonas.errors import UserError
from evonas.evolution.genome import Genome
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.local_search import STEP, LocalSearch
from evonas.evolution.toolboxes import make_toolbox
from evonas.testing import StrategyContract

SPACE = GenetSpace(nodes=(4,), filters=4)  # six bits
pytestmark = pytest.mark.usefixtures("global_random")


class TestBest(StrategyContract):
    strategy = LocalSearch
    genome = "genet"


class TestFirst(StrategyContract):
    strategy = LocalSearch
    tactics = {"move": "first"}
    genome = "genet"


def drive(strategy: LocalSearch, score, count: int) -> list[Genome]:
    """Asks one at a time, and tells it."""
    told: list[Genome] = []
    while len(told) < count:
        genome = strategy.ask()
        assert genome is not None
        genome.number = len(told)
        strategy.asked(genome)
        if (fitness := score(genome)) is not None:
            genome.fitness.values = (fitness,)
        strategy.tell(genome)
        told.append(genome)
    return told


def local_search(start: GenetGenome | None = None, **tactics: str) -> LocalSearch:
    toolbox = make_toolbox(GenetGenome, SPACE, operators_for("genet"))
    return LocalSearch(toolbox, Start(start), **tactics)


def test_it_climbs_to_the_best_neighbour() -> None:
    """From no bit set, with the sum of bits as fitness: six neighbours, then the five that are new, and so
    on."""
    told = drive(local_search(GenetGenome([0] * 6, SPACE)), sum, 1 + 6 + 5 + 4)
    assert [sum(genome) for genome in told] == [0] + [1] * 6 + [2] * 5 + [3] * 4
    assert {genome.origin.parents for genome in told[1:7]} == {(0,)}
    second = told[7].origin.parents[0]
    assert second == 1  # of equals the first
    assert len({str(genome) for genome in told}) == len(told)
    assert all(genome.origin.operator == STEP for genome in told[1:])


def test_a_local_optimum_begins_anew() -> None:
    told = drive(local_search(GenetGenome([1] * 6, SPACE)), sum, 12)
    assert [sum(genome) for genome in told[1:7]] == [5] * 6
    assert told[7].origin.operator == "random" and not told[7].origin.parents


def test_the_first_better_one_is_enough() -> None:
    told = drive(local_search(GenetGenome([0] * 6, SPACE), move="first"), sum, 7)
    parents = [genome.origin.parents[0] for genome in told[1:]]
    assert sum(told[-1]) > 3 and len(set(parents)) > 3  # it did not wait for whole neighbourhoods


def test_failures_are_no_steps() -> None:
    told = drive(
        local_search(GenetGenome([0] * 6, SPACE)), lambda genome: None if genome[0] else sum(genome), 40
    )
    assert not any(told[genome.origin.parents[0]][0] for genome in told if genome.origin.parents)


def test_it_remembers() -> None:
    told = drive(local_search(), sum, 60)
    known: set[str] = set()
    for genome in told:
        if genome.origin.operator == STEP:
            assert str(genome) not in known
        known.add(str(genome))


def test_what_it_refuses() -> None:
    with pytest.raises(UserError, match="move: expected best or first, got 'any'"):
        local_search(move="any")
    import evonas

    with pytest.raises(UserError, match="genome amoeba: it cannot list its neighbours"):
        evonas.evolve(
            "amoeba", strategy="local-search", evaluate=lambda g, rng: 0.0, needs="genome", budget=5
        )
