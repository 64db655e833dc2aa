"""The paper's three search spaces by name (Real et al. 2019, Methods Details and Supplement A)."""

import json
import random
import re

import pytest
import torch
from evonas.genomes.amoeba import OPERATIONS, SP_I, SP_II, SP_III, AmoebaGenome, AmoebaSpace, Cell
from evonas.genomes.amoeba.published import PUBLISHED
from evonas.operators.amoeba import operation

from evonas.architecture.layers import AvgPool2d, Conv2d, MinPool2d
from evonas.errors import UserError
from evonas.task import Task

SMALL = Task(3, 9, 8, 4)


def test_the_spaces_have_as_many_operations_and_combinations_as_the_paper_says():
    sizes = {name: AmoebaSpace(operations=name) for name in ("SP-I", "SP-II", "SP-III")}
    assert {name: (len(space.operations), space.combinations) for name, space in sizes.items()} == {
        "SP-I": (8, 5),
        "SP-II": (19, 5),
        "SP-III": (19, 15),
    }
    assert set(SP_I) < set(SP_II) == set(SP_III)  # SP-II "increases the allowed ops"
    assert len(set(SP_II)) == 19
    assert set(SP_II) == set(OPERATIONS)


def test_the_operations_of_sp_ii_are_those_of_supplement_a():
    families = {
        "identity": ["identity"],
        "conv": ["1x1", "3x3", "1x3_3x1", "1x7_7x1", "3x3_dilated2", "3x3_dilated4", "3x3_dilated6"],
        "sep": ["3x3", "5x5", "7x7"],
        "dil": ["3x3", "5x5", "7x7"],
        "avg": ["2x2", "3x3"],
        "min": ["2x2"],
        "max": ["2x2", "3x3"],
    }
    named = {kind + size if kind != size else kind for kind, sizes in families.items() for size in sizes}
    assert named == set(SP_II)


def test_amoebanet_b_was_found_in_sp_ii():
    for name in ("amoebanet-b-tpu", "amoebanet-b-paper"):
        used = {op for cell in PUBLISHED[name] for pair in cell.combinations for op, _ in pair}
        assert used <= set(SP_II)
        assert not used <= set(SP_I)


def test_a_name_is_replaced_by_what_it_stands_for():
    space = AmoebaSpace.from_dict({"operations": "SP-III", "filters": 4})
    assert space == AmoebaSpace(operations=SP_II, combinations=15, filters=4)
    assert AmoebaSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
    assert hash(space)
    assert AmoebaSpace(operations="SP-I") == AmoebaSpace()
    assert AmoebaSpace(operations="SP-III", combinations=4).combinations == 4
    with pytest.raises(
        UserError, match=re.escape("amoeba operations: 'SP-IV' is unknown; did you mean 'SP-I")
    ):
        AmoebaSpace(operations="SP-IV")


@pytest.mark.parametrize("name", sorted(set(SP_II) - set(SP_I)))
@pytest.mark.parametrize("filters", [2, 8])
def test_every_operation_works_with_and_without_a_stride(name, filters, build_random):
    cell = Cell([((name, 0), (name, 1)), ((name, 2), (name, 2))])
    space = AmoebaSpace(cells=1, filters=filters, stages=2, operations=(name,), combinations=2)
    net = AmoebaGenome(cell.copy(), cell.copy(), space).decode(SMALL)
    assert net.shape("stage1.cell1.output") == (filters, 9, 8)
    assert net.shape("stage1.reduction.output") == (2 * filters, 5, 4)
    assert build_random(net)(torch.randn(2, 3, 9, 8)).isfinite().all()


def layers(name, filters=16, stride=1):
    """The convolutions and poolings of an operation that reads a cell's input."""
    cell = Cell([((name, 0), ("identity", 0))])
    space = AmoebaSpace(cells=1, filters=filters // stride, stages=2, operations=(name,), combinations=1)
    net = AmoebaGenome(cell.copy(), cell.copy(), space).decode(SMALL)
    place = f"stage1.{'cell1' if stride == 1 else 'reduction'}.combination1.left.{name}"
    return [
        net.layer(node)
        for node in net
        if (node == place or node.startswith(f"{place}."))
        and isinstance(net.layer(node), Conv2d | MinPool2d | AvgPool2d)
    ]


def test_the_layers_behind_the_new_names():
    # Widths between two 1×1 convolutions are those of the authors' code.
    assert layers("conv1x3_3x1", stride=2) == [
        Conv2d(6, 1),
        Conv2d(6, (1, 3), (1, 2)),
        Conv2d(6, (3, 1), (2, 1)),
        Conv2d(16, 1),
    ]
    for rate in (2, 4, 6):
        name = f"conv3x3_dilated{rate}"
        assert layers(name) == [Conv2d(4, 1), Conv2d(4, 3, dilation=rate), Conv2d(16, 1)]
        assert layers(name, stride=2)[1] == Conv2d(4, 3, 2, dilation=rate)
    assert layers("dil7x7") == [Conv2d(kernel=7, dilation=2, depthwise=True), Conv2d(16, 1)]
    assert layers("avg2x2", stride=2) == [AvgPool2d(2, 2)]
    assert layers("min2x2") == [MinPool2d(2)]


@pytest.mark.parametrize("name", ["SP-II", "SP-III"])
def test_random_genomes_and_their_mutants_decode(name, build_random):
    rng = random.Random(name)
    space = AmoebaSpace(cells=1, filters=4, stages=2, operations=name)
    used = set()
    genome = AmoebaGenome.random(space, rng)
    for number in range(200):
        genome = operation(genome, rng)
        used |= {op for cell in genome.cells for pair in cell.combinations for op, _ in pair}
        if number % 10 == 0:
            genome.decode(SMALL).validate()
    assert used == set(SP_II)
    assert build_random(genome.decode(SMALL))(torch.randn(2, 3, 9, 8)).isfinite().all()


def test_a_genotype_says_in_what_it_lies_outside_its_space():
    space = AmoebaSpace()
    assert AmoebaGenome.random(space, random.Random(0)).outside_space() == ""
    assert AmoebaGenome(*PUBLISHED["amoebanet-a"], space).outside_space() == ""
    published = AmoebaGenome(*PUBLISHED["amoebanet-b"], space)
    assert published.outside_space().startswith(
        "normal cell, combinations[0]: expected operations of identity"
    )
    assert published.with_space(AmoebaSpace(operations="SP-II")).outside_space() == ""
    larger = published.with_space(AmoebaSpace(operations="SP-III"))
    assert larger.outside_space() == "normal cell: expected 15 combinations, got 5"
