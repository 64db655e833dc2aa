import json
import re

import pytest
from evonas.genomes.hierarchical import PRIMITIVES, HierarchicalGenome, HierarchicalSpace
from evonas.genomes.hierarchical.motif import pairs

from evonas.errors import UserError
from evonas.task import Task

FLAT = HierarchicalSpace(motifs=(1,), nodes=(11,))


def refused(message):
    return pytest.raises(UserError, match=re.escape(message))


def test_the_defaults_are_the_papers():
    space = HierarchicalGenome.default_space()
    assert (len(space.primitives), *space.motifs) == (6, 6, 1)  # M
    assert space.nodes == (4, 5)  # |G2|, |G3|
    assert (space.filters, space.cells, space.groups, space.mutations) == (16, 1, 3, 1000)
    assert PRIMITIVES == ("conv1x1", "depthwise3x3", "sep3x3", "max3x3", "avg3x3", "identity")
    assert HierarchicalSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space


def test_the_flat_baseline_has_a_comparable_number_of_edges():
    space = HierarchicalSpace()
    edges = sum(motifs * pairs(nodes) for motifs, nodes in zip(space.motifs, space.nodes, strict=True))
    assert (edges, pairs(FLAT.nodes[0])) == (6 * 6 + 10, 55)


def test_the_number_of_mutations():
    # Each of the six level-2 motifs has six pairs of nodes, the cell ten; each takes one of six operations
    # or none.
    assert HierarchicalSpace().mutants == 6 * 6 * 7 + 10 * 7
    assert FLAT.mutants == 55 * 7


def test_a_larger_hierarchy_has_its_own_names_and_numbers():
    space = HierarchicalSpace(motifs=(3, 2, 1), nodes=(3, 3, 4), primitives=("identity", "avg3x3"))
    assert space.operations == (2, 3, 2)
    assert space.names(2) == ["no_edge", "identity", "avg3x3"]
    assert space.names(3) == ["no_edge", "motif1", "motif2", "motif3"]
    assert space.names(4) == ["no_edge", "motif1", "motif2"]
    assert (space.longest, space.largest) == (3 * 2 * (2 * 1 + 1), 6 * 3 * (3 * 1 + 1))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cells": 0}, "hierarchical cells: expected a whole number of at least 1, got 0"),
        ({"filters": 1.5}, "hierarchical filters: expected a whole number of at least 1, got 1.5"),
        ({"groups": True}, "hierarchical groups: expected a whole number of at least 1, got True"),
        ({"mutations": -1}, "hierarchical mutations: expected a whole number of at least 0, got -1"),
        ({"max_parameters": 0}, "hierarchical max_parameters: expected a whole number of at least 1, got 0"),
        ({"motifs": 6}, "hierarchical motifs: expected one number for each level, got 6"),
        ({"motifs": [36, 1]}, "hierarchical motifs: expected a whole number from 1 to 35, got 36"),
        ({"motifs": [6, 2]}, "hierarchical motifs: expected 1 at the top level, got 2"),
        ({"nodes": []}, "hierarchical nodes: expected one number for each level, got ()"),
        ({"nodes": [4, 1]}, "hierarchical nodes: expected a whole number of at least 2, got 1"),
        (
            {"nodes": [11]},
            "hierarchical nodes: expected one number for each of 2 levels of motifs, got 1",
        ),
        (
            {"primitives": ["sep3x3"]},
            "hierarchical primitives: expected identity among them, got ('sep3x3',)",
        ),
        ({"primitives": "identity"}, "hierarchical primitives: expected identity among them, got 'identity'"),
        (
            {"primitives": ["identity", "none"]},
            "hierarchical primitives: 'none' is unknown; known: conv1x1, depthwise3x3",
        ),
        (
            {"primitives": ["identity", "identity"]},
            "hierarchical primitives: expected each once, got ['identity', 'identity']",
        ),
        ({"projection": "none"}, "hierarchical projection: expected cell, motif, got 'none'"),
        ({"ending": "strided"}, "hierarchical ending: expected stride, plain, none, got 'strided'"),
        ({"stem": 3}, "hierarchical stem: expected auto, small, large, got 3"),
        ({"motif": [6, 1]}, "genome setting 'motif' is unknown; did you mean 'motifs'?"),
    ],
)
def test_impossible_settings_are_refused(choices, message):
    with refused(message):
        HierarchicalSpace.from_dict(choices)


@pytest.mark.parametrize(
    ("space", "strides"),
    [
        (HierarchicalSpace(), 3),
        (HierarchicalSpace(ending="plain"), 2),
        (HierarchicalSpace(ending="none", groups=4), 3),
        (HierarchicalSpace(stem="large"), 6),
    ],
)
def test_images_that_are_too_small_are_refused(space, strides):
    smallest = 2**strides
    genome = HierarchicalGenome.chain(space)
    with refused(
        f"images: the {strides} strides of this genome need at least {smallest}×{smallest} pixels, "
        f"got {smallest}×{smallest - 1}"
    ):
        genome.decode(Task(3, smallest, smallest - 1, 10))
    net = genome.decode(Task(3, smallest, smallest, 10))
    net.validate()
    (source,) = net.inputs("pool")
    assert net.shape(source)[1:] == (1, 1)
