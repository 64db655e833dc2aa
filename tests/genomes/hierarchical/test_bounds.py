"""Decoded cells stay as small as the space says."""

import random

import pytest
import torch
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace, Motif

from evonas.architecture.layers import AvgPool2d, Conv2d, MaxPool2d
from evonas.task import Task

SMALL = Task(3, 8, 8, 4)
FLAT = HierarchicalSpace(motifs=(1,), nodes=(11,), groups=1, filters=2)


def bounds(net, space):
    """Convolutions and poolings in a row and in all, and the widest node, of the first cell."""
    depth, widest = {}, 0
    counted = 0
    for name in net:
        if name.startswith("group1.cell1."):
            counts = isinstance(net.layer(name), Conv2d | MaxPool2d | AvgPool2d)
            depth[name] = counts + max(depth.get(source, 0) for source in net.inputs(name))
            widest = max(widest, net.shape(name)[0])
            counted += counts
    assert widest % space.filters == 0
    return max(depth.values(), default=0), counted, widest // space.filters


def test_the_bounds_are_reached():
    for space, motif in (
        (HierarchicalSpace(groups=1, filters=2), "4-36-366"),
        (HierarchicalSpace(groups=1, filters=2, projection="motif"), "4-36-366"),
    ):
        dense = HierarchicalGenome.from_text(f"{motif} " * 6 + "| 1-11-111-1111", space)
        everything = HierarchicalGenome.from_text("3-33-333 " * 6 + "| 1-11-111-1111", space)
        identities = HierarchicalGenome.from_text("6-66-666 " * 6 + "| 1-11-111-1111", space)
        longest, largest, _ = bounds(everything.decode(SMALL), space)
        assert (longest, largest) == (space.longest, space.largest)
        assert bounds(identities.decode(SMALL), space)[2] == space.widest
        assert bounds(dense.decode(SMALL), space)[2] <= space.widest
    identities = HierarchicalGenome([[Motif(11, [6] * 55)]], FLAT)
    assert bounds(identities.decode(SMALL), FLAT)[2] == FLAT.widest == 512


SPACES = {
    "paper": HierarchicalSpace(groups=1, filters=2),
    "motif": HierarchicalSpace(groups=1, filters=2, projection="motif", cells=2, ending="none"),
    "flat": FLAT,
    "four levels": HierarchicalSpace(motifs=(3, 2, 1), nodes=(3, 3, 4), groups=1, filters=2),
}


@pytest.mark.parametrize(
    ("kind", "starts", "mutations"),
    [
        ("paper", 20, 10),
        ("motif", 5, 10),
        ("flat", 5, 20),
        ("four levels", 5, 20),
        pytest.param("paper", 20, 1000, marks=pytest.mark.slow),
        pytest.param("flat", 20, 1000, marks=pytest.mark.slow),
    ],
)
def test_long_lines_of_mutants_decode_within_the_bounds(kind, starts, mutations, build_random):
    rng, space = random.Random(kind), SPACES[kind]
    number = 0
    for _ in range(starts):
        genome = HierarchicalGenome.random(space, rng)
        for _ in range(mutations):
            genome.apply(genome.draw_change(rng))
            net = genome.decode(SMALL)
            net.validate()
            longest, largest, widest = bounds(net, space)
            assert longest <= space.longest
            assert largest <= space.largest
            assert widest <= space.widest
            if number % 100 == 0:
                logits = build_random(net)(torch.randn(1, *SMALL.input_shape))
                assert logits.shape == (1, SMALL.classes)
                assert logits.isfinite().all()
            number += 1


def test_a_genotype_says_in_what_it_lies_outside_its_space():
    genome = HierarchicalGenome.random(HierarchicalSpace(filters=2), random.Random(0))
    assert genome.outside_space() == ""
    tight = genome.with_space(HierarchicalSpace(filters=2, max_parameters=100))
    assert tight.outside_space().startswith("expected at most 100 parameters (max_parameters), got ")
    genome.levels[0][2].operations[1] = -1  # written as the last operation of the level
    assert genome.outside_space() == (
        "hierarchical genotype, level 2, motif 3: expected operations up to 6, got -1"
    )
