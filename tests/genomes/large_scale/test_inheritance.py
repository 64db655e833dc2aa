"""Weights are inherited by id (Real et al. 2017, Section 3.6), through `evonas.inheritance`."""

import random

import pytest
import torch
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.operators.large_scale import (
    alter_number_of_channels,
    identity,
    insert_convolution,
    reset_weights,
)

from evonas.architecture.architecture import Architecture
from evonas.errors import NotApplicable
from evonas.evolution.registry import operators_for
from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of
from evonas.task import Task

TASK = Task(2, 6, 6, 3)
SPACE = LargeScaleSpace(max_depth=10, max_channels=32, reference=(2, 6, 6))


def mutated(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    while True:
        child = genome.clone()
        try:
            rng.choice(operators_for("large-scale")).mutate(child, rng)
        except NotApplicable:
            continue
        return child


def carried(parent: Architecture, child: Architecture) -> tuple[float, dict, dict, dict]:
    """The share, the parent's weights, the child's own, and what it has after inheriting."""
    weights = weights_of(build(parent, 1))
    for number, name in enumerate(sorted(weights)):  # statistics too are no defaults
        weights[name] = weights[name] + number + 1
    network = build(child, 2)
    fresh = weights_of(network)
    share = inherit(network, child, parent, weights)
    return share, weights, fresh, weights_of(network)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_has_the_same_id_and_shape_is_inherited(seed):
    rng = random.Random(seed)
    parent = LargeScaleGenome.random(SPACE, rng)
    for _ in range(30):
        child = mutated(parent, rng)
        _, weights, _, found = carried(parent.decode(TASK), child.decode(TASK))
        for name, tensor in found.items():
            if name in weights and weights[name].shape == tensor.shape:
                assert torch.equal(tensor, weights[name]), name
        parent = child


def test_no_name_is_ever_used_for_something_else():
    """Through 200 mutations in each of two branches of a lineage."""
    rng = random.Random(7)
    ancestor = LargeScaleGenome.random(SPACE, rng)
    for _ in range(30):
        ancestor = mutated(ancestor, rng)
    kinds: dict[str, str] = {}
    common = set(ancestor.dna.vertices) | set(ancestor.dna.edges)
    made = []
    for branch in range(2):
        rng, genome = random.Random(branch), ancestor
        ids, gone = set(common), set()
        for _ in range(200):
            genome = mutated(genome, rng)
            now = set(genome.dna.vertices) | set(genome.dna.edges)
            assert not now & gone
            gone |= ids - now
            ids |= now
            net = genome.decode(TASK)
            for name in net:
                kind = net.layer(name).kind
                assert kinds.setdefault(name, kind) == kind
        made.append(ids - common)
    assert len(made[0]) > 50
    assert not made[0] & made[1]


def test_reset_weights_keeps_nothing(dna, grown):
    for parent in [LargeScaleGenome(dna), *(grown(20, seed) for seed in range(5))]:
        child = reset_weights(parent.clone(), random.Random(1))
        assert child.key() == parent.key()
        assert child.dna.learning_rate == parent.dna.learning_rate
        before, after = parent.decode(TASK), child.decode(TASK)
        share, _, fresh, found = carried(before, after)
        assert share == 0
        assert all(torch.equal(found[name], fresh[name]) for name in found)
        assert set(before) & set(after) == {"image"}


def test_identity_keeps_everything(dna):
    parent = LargeScaleGenome(dna)
    child = identity(parent.clone(), random.Random(1))
    share, weights, _, found = carried(parent.decode(TASK), child.decode(TASK))
    assert share == 1
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weights[name]) for name in found)


def test_an_inserted_convolution_leaves_all_others_their_weights(dna):
    parent = LargeScaleGenome(dna)
    child = insert_convolution(parent.clone(), random.Random(1))
    _, weights, fresh, found = carried(parent.decode(TASK), child.decode(TASK))
    assert all(torch.equal(found[name], tensor) for name, tensor in weights.items())
    new = {name for name in found if name not in weights}
    assert {name.split(".", 1)[1] for name in new} >= {"conv.weight"}
    assert all(torch.equal(found[name], fresh[name]) for name in new)


def test_what_reads_other_channels_keeps_the_columns_that_remain(dna):
    """More than the paper inherits, where a changed shape starts a tensor anew."""
    parent = LargeScaleGenome(dna)
    child, rng = parent.clone(), random.Random(0)
    while child.dna.edges["e1"] == dna.edges["e1"]:
        child = alter_number_of_channels(parent.clone(), rng)
    _, weights, fresh, found = carried(parent.decode(TASK), child.decode(TASK))
    before, after = (one["edge_e1.conv.weight"].shape[0] for one in (weights, found))
    assert before != after
    assert torch.equal(found["edge_e1.conv.weight"], fresh["edge_e1.conv.weight"])
    kept = min(before, after)
    assert torch.equal(found["vertex_a.bn.weight"][:kept], weights["vertex_a.bn.weight"][:kept])
