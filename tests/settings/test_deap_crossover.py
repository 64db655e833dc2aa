"""Pairs cross in DEAP's own loop, whatever the genome, and their children inherit from the first parent."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from deap import algorithms

import evonas
from evonas.errors import UserError
from evonas.evolution import Toolbox, names

SPACES = {
    "amoeba": {"cells": 1, "filters": 4, "combinations": 3, "stages": 2},
    "darts": {"cells": 2, "filters": 2},
    "genet": {"nodes": [3, 3], "filters": [4, 4], "hidden": 8},
    "hierarchical": {"groups": 1, "filters": 2, "nodes": [3, 3], "mutations": 20},
    "nasbench201": {"cells": 1, "filters": 2},
}
CROSSOVERS = {
    "amoeba": "amoeba-swap-combinations",
    "darts": "darts-swap-nodes",
    "genet": "genet-swap-stages",
    "hierarchical": "hierarchical-swap-motifs",
    "nasbench201": "nasbench201-swap-edges",
}
UNCROSSED = ["graph", "large-scale"]


def test_every_installed_genome_is_here() -> None:
    assert sorted([*SPACES, *UNCROSSED]) == names("genomes")


@pytest.fixture
def seeded(global_random: None) -> Iterator[None]:
    random.seed(6)
    yield


def toolbox_of(genome: str) -> Toolbox:
    config = {"genome": SPACES.get(genome, {}), "training": {"epochs": 1, "batch_size": 32}}
    return evonas.toolbox(genome, "digits", config=config, train_limit=40, seed=1, kernels="eager")


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("genome", list(SPACES))
def test_they_cross_in_a_simple_loop(genome: str) -> None:
    toolbox = toolbox_of(genome)
    crossed = []
    mate = toolbox.mate

    def noting(first, second):
        parents = (first.number, second.number)
        children = mate(first, second)
        crossed.append((parents, [child.origin for child in children], children))
        return children

    toolbox.register("mate", noting)
    population, _ = algorithms.eaSimple(
        toolbox.population(n=6), toolbox, cxpb=0.5, mutpb=0.2, ngen=2, verbose=False
    )
    assert crossed and all(individual.fitness.valid for individual in population)
    for (one, other), (first, second), _ in crossed:
        assert first.operator == second.operator == CROSSOVERS[genome]
        known = {number for number in (one, other) if number is not None}
        assert known <= {*first.parents} == {*second.parents}
        if one is not None:
            assert first.parents[0] == one
        if other is not None:
            assert second.parents[0] == other
    results = toolbox.evaluate.func.results
    assert all(result.fitness is not None for result in results)
    assert max(result.lineage_epochs for result in results) > 1  # weights reached the children


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("genome", list(SPACES))
def test_a_child_starts_with_weights_of_its_first_parent(genome: str) -> None:
    toolbox = toolbox_of(genome)
    parents = toolbox.population(n=2)
    for parent in parents:
        parent.fitness.values = toolbox.evaluate(parent)
    first, second = toolbox.mate(*(toolbox.clone(parent) for parent in parents))
    assert [child.origin.parents for child in (first, second)] == [(0, 1), (1, 0)]
    assert first.heritage is parents[0].heritage and second.heritage is parents[1].heritage
    toolbox.evaluate(first)
    result = toolbox.evaluate.func.results[-1]
    assert result.inherited > 0.3 and result.lineage_epochs == 2


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("genome", UNCROSSED)
def test_genomes_without_one_say_so(genome: str) -> None:
    toolbox = toolbox_of(genome)
    toolbox.register("evaluate", lambda individual: (0.0,))
    with pytest.raises(UserError, match=f"mate: genome '{genome}' cannot be crossed .*expected cxpb=0"):
        algorithms.eaSimple(toolbox.population(n=4), toolbox, cxpb=1.0, mutpb=0.2, ngen=1, verbose=False)
    algorithms.eaSimple(toolbox.population(n=4), toolbox, cxpb=0.0, mutpb=0.2, ngen=1, verbose=False)
