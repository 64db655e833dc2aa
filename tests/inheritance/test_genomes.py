"""Children of every genome's own mutations: `morph` keeps at least what `match` keeps, and more functions."""

import random

import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome
from evonas.genomes.genet import GenetGenome
from evonas.genomes.hierarchical import HierarchicalGenome
from evonas.genomes.large_scale import Activation, LargeScaleGenome
from evonas.operators import amoeba, genet, hierarchical, large_scale

from evonas.architecture.layers import BatchNorm2d, Conv2d
from evonas.errors import NotApplicable
from evonas.inheritance.by_morphisms import morph
from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of
from evonas.task import Task

TASK = Task(3, 8, 8, 4)
IMAGES = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
GENOMES = {
    "amoeba": (
        AmoebaGenome,
        {"cells": 1, "filters": 4, "combinations": 2, "stages": 2},
        (amoeba.operation, amoeba.hidden_state),
    ),
    "genet": (GenetGenome, {"nodes": [4], "filters": [4], "hidden": 8, "q_m": 0.3}, (genet.flip_bits,)),
    "hierarchical": (HierarchicalGenome, {"groups": 1, "filters": 2, "nodes": [3, 3]}, (hierarchical.edge,)),
    "large-scale": (
        LargeScaleGenome,
        {"max_channels": 64, "max_parameters": 20000, "reference": (3, 8, 8)},
        (
            large_scale.insert_convolution,
            large_scale.insert_one_to_one,
            large_scale.add_skip,
            large_scale.alter_number_of_channels,
            large_scale.filter_size,
            large_scale.alter_stride,
            large_scale.remove_convolution,
        ),
    ),
}


CHILDREN = {"amoeba": 14, "genet": 12, "hierarchical": 24, "large-scale": 12}
"""How many it takes to see one that a morphism alone keeps."""


def random_genome(name, rng):
    kind, choices, _ = GENOMES[name]
    return kind.random(kind.space_type.from_dict(choices), rng)


def mutated(genome, operators, rng):
    while True:
        try:
            return rng.choice(operators).mutate(genome.clone(), rng)
        except NotApplicable:
            continue


def gap(old, new):
    """The largest difference of logits, relative to their spread over images."""
    with torch.no_grad():
        before, after = old(IMAGES), new(IMAGES)
    return float((after - before).abs().max() / (before - before.mean(0)).abs().max().clamp_min(1e-30))


@pytest.fixture
def compare(build_random):
    """What both modes make of a child: gaps and shares of `match`, then of `morph`, and what was inserted."""

    def run(parent, child, seed=1):
        before, after = parent.decode(TASK), child.decode(TASK)
        old = build_random(before, seed, torch.float64)
        weights = weights_of(old)
        one, other = (build(after, seed + 100, dtype=torch.float64).eval() for _ in range(2))
        share, morphed = inherit(one, after, before, weights), morph(other, after, before, weights)
        assert all(isinstance(after.layer(name), BatchNorm2d) for name in morphed.inserted)
        return gap(old, one), share, gap(old, other), morphed.share, morphed.inserted

    return run


@pytest.mark.parametrize("name", GENOMES)
def test_at_least_what_match_keeps_and_more_functions(name, compare):
    rng, operators = random.Random(23), GENOMES[name][2]
    by_name = by_morphism = 0
    for seed in range(CHILDREN[name]):
        parent = random_genome(name, rng)
        for _ in range(rng.randint(3, 10)):
            parent = mutated(parent, operators, rng)
        match_gap, match_share, morph_gap, morph_share, _ = compare(
            parent, mutated(parent, operators, rng), seed
        )
        assert morph_share >= match_share - 1e-12
        assert morph_gap < 1e-10 or match_gap > 1e-10
        by_name += match_gap < 1e-10
        by_morphism += morph_gap < 1e-10
    assert by_morphism > by_name


# -- Large-scale Evolution's own mutations -------------------------------------------------------


def grown(rng, linear=False):
    """A genome of several convolutions; its vertices rectify, or some are linear."""
    genome = random_genome("large-scale", rng)
    for _ in range(4):
        genome = mutated(genome, (large_scale.insert_convolution,), rng)
    for _ in range(2):
        genome = mutated(genome, (large_scale.alter_number_of_channels, large_scale.filter_size), rng)
    if not linear:
        dna = genome.dna.copy()
        dna.vertices = dict.fromkeys(dna.vertices, Activation.BN_RELU)
        dna.vertices["input"] = Activation.LINEAR
        genome.dna = dna
    return genome


def test_a_layer_that_large_scale_evolution_inserts_is_the_identity(compare):
    rng, seen = random.Random(5), set()
    for seed in range(40):
        parent = grown(rng)
        child = mutated(parent, (large_scale.insert_convolution, large_scale.insert_one_to_one), rng)
        (new,) = child.dna.edges.keys() - parent.dna.edges.keys()
        edge, activation = child.dna.edges[new], child.dna.vertices[child.dna.edges[new].target]
        after_image = edge.source == "input"  # which can be negative
        if (edge.convolution and edge.convolution.stride > 1) or (
            after_image and activation is not Activation.LINEAR
        ):
            continue
        _, _, found, _, inserted = compare(parent, child, seed)
        assert found < 1e-10
        normalised = activation is Activation.BN_RELU
        assert inserted == ((f"vertex_{edge.target}.bn",) if normalised else ())
        seen.add((edge.convolution is None, normalised))
    assert len(seen) == 4


def test_more_channels_and_larger_filters_keep_the_function(compare):
    rng, wider, larger = random.Random(6), 0, 0
    for seed in range(60):
        parent = grown(rng, linear=True)
        operator = rng.choice((large_scale.alter_number_of_channels, large_scale.filter_size))
        child = mutated(parent, (operator,), rng)
        before, after = parent.decode(TASK), child.decode(TASK)
        pairs = [(before.layer(n), after.layer(n)) for n in after if isinstance(after.layer(n), Conv2d)]
        more = any(new.out_channels > old.out_channels for old, new in pairs)
        bigger = any(new.kernel > old.kernel for old, new in pairs)
        fewer = any(
            new.out_channels < old.out_channels
            or min(n - o for n, o in zip(new.kernel, old.kernel, strict=True)) < 0
            for old, new in pairs
        )
        if fewer or not (more or bigger):
            continue
        match_gap, match_share, morph_gap, morph_share, _ = compare(parent, child, seed)
        assert morph_gap < 1e-10 < match_gap
        assert morph_share > match_share
        wider, larger = wider + more, larger + bigger
    assert wider > 5
    assert larger > 5


def test_new_ids_for_everything_still_reset_all_weights(compare):
    parent = grown(random.Random(7))
    child = mutated(parent, (large_scale.reset_weights,), random.Random(8))
    assert compare(parent, child)[3] == 0


def test_a_larger_separable_convolution_takes_over_a_smaller_one(compare):
    parent = random_genome("amoeba", random.Random(9))
    normal = parent.cells[0]
    normal.set_element(0, 0, ("sep3x3", 0))
    child = parent.clone()
    child.cells[0].set_element(0, 0, ("sep5x5", 0))
    match_gap, match_share, morph_gap, morph_share, inserted = compare(parent, child)
    assert morph_gap < 1e-10 < match_gap
    assert morph_share > match_share
    assert inserted == ()
