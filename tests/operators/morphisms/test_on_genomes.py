"""Local morphisms on the networks that genomes decode to, alone and one after the other."""

import random
from collections.abc import Callable

import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.operators.morphisms.deepen import Deepen
from evonas.operators.morphisms.kernel import Dilate, EnlargeKernel, Undilate
from evonas.operators.morphisms.paths import ReplicateAdd, SplitConcat
from evonas.operators.morphisms.shrink import RemoveLayer, RemoveSkip, Separable
from evonas.operators.morphisms.skip import AddSkip, ConcatSkip

from evonas.architecture.architecture import Architecture
from evonas.errors import NotApplicable
from evonas.evolution.morphism import Morphism
from evonas.evolution.registry import operators_for
from evonas.network.calibration import calibrate
from evonas.network.network import build
from evonas.task import Task
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap

TASK = Task(3, 8, 8, 4)
PRESERVING = (AddSkip, ConcatSkip, Deepen, Dilate, EnlargeKernel, ReplicateAdd, SplitConcat, Undilate)
APPROXIMATE = (RemoveLayer, RemoveSkip, Separable)


def amoeba(rng: random.Random) -> Architecture:
    return AmoebaGenome.random(AmoebaSpace(cells=1, filters=4, stages=1), rng).decode(TASK)


def genet(rng: random.Random) -> Architecture:
    return GenetGenome.random(GenetSpace(nodes=(3, 3), filters=4, hidden=8), rng).decode(TASK)


def hierarchical(rng: random.Random) -> Architecture:
    space = HierarchicalSpace(motifs=(3, 1), nodes=(3, 3), groups=1, filters=3, mutations=100)
    return HierarchicalGenome.random(space, rng).decode(TASK)


def large_scale(rng: random.Random) -> Architecture:
    space = LargeScaleSpace(max_depth=8, max_channels=8, reference=(3, 8, 8))
    genome = LargeScaleGenome.random(space, rng)
    operators = operators_for("large-scale")
    done = 0
    while done < 25:
        try:
            rng.choice(operators).mutate(genome, rng)
        except NotApplicable:
            continue
        done += 1
    return genome.decode(TASK)


@pytest.mark.parametrize("kind", [*PRESERVING, *APPROXIMATE])
@pytest.mark.parametrize("decoded", [amoeba, genet, hierarchical, large_scale])
def test_each_kind_on_each_genome(
    decoded: Callable[[random.Random], Architecture], kind: type[Morphism], rng: random.Random
) -> None:
    refused = 0
    for seed in range(2):
        net = decoded(rng)
        weights = randomise(net, seed)
        for _ in range(2):
            try:
                morphism = kind.draw(net, rng)
            except NotApplicable as error:
                assert str(error).startswith("no ")
                refused += 1
            else:
                check_morphism(morphism, net, weights)
                assert morphism.describe()
    if kind in (AddSkip, ConcatSkip, Deepen, ReplicateAdd, SplitConcat):
        assert refused < 4


@pytest.mark.parametrize("decoded", [amoeba, genet, hierarchical, large_scale])
def test_many_in_a_row_keep_the_function(
    decoded: Callable[[random.Random], Architecture], rng: random.Random
) -> None:
    net = decoded(rng)
    weights = randomise(net, 5)
    old, images = build(net, weights=weights, dtype=torch.float64), images_for(net)
    inserted: list[str] = []
    for _ in range(16):
        try:
            morphism = rng.choice(PRESERVING).draw(net, rng)
        except NotApplicable:
            continue
        net, weights = morphism.rewrite(net), morphism.carry(net, weights)
        inserted += morphism.inserted_normalisations()
    new = build(net, weights=weights, dtype=torch.float64)
    assert relative_gap(old, new, images) < 1e-10
    calibrate(new, inserted, images)
    assert relative_gap(old, new, images) < 1e-10


def test_the_same_seed_draws_the_same(rng: random.Random) -> None:
    net = hierarchical(rng)
    again = Architecture.from_dict(net.to_dict())
    for kind in (*PRESERVING, *APPROXIMATE):
        try:
            first = kind.draw(net, random.Random(3))
        except NotApplicable:
            continue
        assert first == kind.draw(again, random.Random(3))
