"""Chains of random changes of width, on random networks and on what every kind of genome decodes to."""

import random
from collections.abc import Callable

import pytest
import torch
from evonas.genomes.amoeba import OPERATIONS, AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.operators.morphisms import PruneChannels, Widen, ZeroWiden
from evonas.operators.morphisms.widen import sized
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evonas.architecture.architecture import Architecture
from evonas.architecture.channels import ChannelClasses
from evonas.errors import NotApplicable
from evonas.evolution.genome import Genome
from evonas.evolution.morphism import Morphism
from evonas.evolution.registry import operators_for
from evonas.network.network import build
from evonas.task import Task
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap, spread

TASK = Task(3, 8, 8, 4)
SEEDS = st.integers(0, 2**32)


def amoeba(rng: random.Random) -> Genome:
    return AmoebaGenome.random(
        AmoebaSpace(cells=1, filters=4, stages=2, combinations=3, operations=tuple(OPERATIONS)), rng
    )


def genet(rng: random.Random) -> Genome:
    return GenetGenome.random(GenetSpace(nodes=(3, 4), filters=(3, 4), hidden=6), rng)


def hierarchical(rng: random.Random) -> Genome:
    return HierarchicalGenome.random(HierarchicalSpace(groups=1, filters=2, mutations=30), rng)


def large_scale(rng: random.Random) -> Genome:
    genome = LargeScaleGenome.random(LargeScaleSpace(max_depth=6), rng)
    operators = operators_for("large-scale")
    for _ in range(60):
        try:
            rng.choice(operators).mutate(genome, rng)
        except NotApplicable:
            continue
    return genome


def lively(random_architecture: Callable[[random.Random], Architecture], rng: random.Random) -> Architecture:
    """A random network with a layer whose width can change."""
    while True:
        net = random_architecture(rng)
        if sized(ChannelClasses(net)):
            return net


def chain(
    net: Architecture, rng: random.Random, kinds: list[type[Morphism]], length: int, at_most: int = 100_000
) -> tuple[int, Architecture, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """So many changes, each checked by itself.

    Returns how many applied, the child, its tensors and the first parent's.
    """
    first = weights = randomise(net, rng.getrandbits(20))
    # On a constant function, such as one whose units are all dead, a comparison says nothing.
    assume(spread(build(net, weights=weights, dtype=torch.float64), images_for(net)) > 1e-5)
    applied = 0
    for _ in range(length):
        try:
            morphism = rng.choice(kinds).draw(net, rng)
        except NotApplicable:
            continue
        if morphism.rewrite(net).parameter_count() > at_most:
            continue
        net, weights = check_morphism(morphism, net, weights)
        applied += 1
    return applied, net, weights, first


@pytest.mark.parametrize("decoded", [amoeba, genet, hierarchical, large_scale], ids=lambda f: f.__name__)
@settings(max_examples=3)
@given(seed=SEEDS)
def test_chains_on_decoded_genomes_preserve_the_function(
    decoded: Callable[[random.Random], Genome], seed: int
) -> None:
    rng = random.Random(seed)
    net = decoded(rng).decode(TASK)
    applied, child, carried, weights = chain(net, rng, [Widen, ZeroWiden], 4)
    parent = build(net, weights=weights, dtype=torch.float64)
    images = images_for(net)
    assert relative_gap(parent, build(child, weights=carried, dtype=torch.float64), images) < 1e-10
    if applied:
        assert child.parameter_count() > net.parameter_count()


@settings(max_examples=20)
@given(seed=SEEDS)
def test_chains_on_random_networks(
    random_architecture: Callable[[random.Random], Architecture], seed: int
) -> None:
    """Groups, sums of what is read twice, even poolings, flattening: whatever comes."""
    rng = random.Random(seed)
    applied, *_ = chain(lively(random_architecture, rng), rng, [Widen, ZeroWiden], 4)
    assert applied


@settings(max_examples=6)
@given(seed=SEEDS, decoded=st.sampled_from([amoeba, genet, hierarchical, large_scale]))
def test_chains_with_pruning_stay_valid(decoded: Callable[[random.Random], Genome], seed: int) -> None:
    rng = random.Random(seed)
    net = decoded(rng).decode(TASK)
    applied, child, carried, _ = chain(net, rng, [Widen, ZeroWiden, PruneChannels, PruneChannels], 5)
    network = build(child, weights=carried, dtype=torch.float64).eval()
    with torch.no_grad():
        assert network(images_for(net)).isfinite().all()
