"""From cells to the network of the authors' evaluation."""

import random

import pytest
import torch
from evonas.genomes.darts import Cell, DartsGenome, DartsSpace, Node
from torch import nn

from evonas.architecture.layers import DropPath
from evonas.errors import UserError
from evonas.network import build
from evonas.task import Task

CIFAR10 = Task(3, 32, 32, 10)
SMALL = Task(3, 8, 8, 4)
SEP, SKIP, DIL, MAX = "sep_conv_3x3", "skip_connect", "dil_conv_5x5", "max_pool_3x3"


def genome(space: DartsSpace, operations: tuple[str, str] = (SEP, SKIP)) -> DartsGenome:
    cell = Cell([Node((0, 1), operations) for _ in range(4)])
    return DartsGenome(cell, cell.copy(), space)


@pytest.mark.parametrize(
    ("cells", "reductions"), [(20, (6, 13)), (8, (2, 5)), (14, (4, 9)), (5, (1, 3)), (2, (0, 1)), (1, (0,))]
)
def test_reductions_at_a_third_and_at_two_thirds(cells: int, reductions: tuple[int, ...]) -> None:
    space = DartsSpace(cells=cells, filters=4)
    assert space.reductions == reductions
    net = genome(space).decode(CIFAR10)
    shapes = [net.shape(f"cell{number}.output") for number in range(1, cells + 1)]
    for number, shape in enumerate(shapes):
        halvings = sum(place <= number for place in reductions)
        assert shape == (4 * 4 * 2**halvings, 32 >> halvings, 32 >> halvings)


def layers(net: nn.Module, part: str) -> list[nn.Module]:
    return [
        module
        for name, module in net.named_modules()
        if name.startswith(part) and not list(module.children())
    ]


def test_operations_are_the_authors() -> None:
    space = DartsSpace(cells=3, filters=4)
    net = build(genome(space, (SEP, DIL)).decode(SMALL))
    sep = layers(net, "cell1.edge0to2")
    assert [type(one).__name__ for one in sep] == ["Conv2d", "Conv2d", "BatchNorm2d"] * 2
    assert [one.groups for one in sep if isinstance(one, nn.Conv2d)] == [4, 1, 4, 1]
    dil = layers(net, "cell1.edge1to2")
    assert [type(one).__name__ for one in dil] == ["Conv2d", "Conv2d", "BatchNorm2d"]
    assert dil[0].dilation == (2, 2) and dil[0].kernel_size == (5, 5)
    assert all(one.affine for one in net.modules() if isinstance(one, nn.BatchNorm2d))
    assert all(one.bias is None for one in net.modules() if isinstance(one, nn.Conv2d))


def test_a_skip_that_strides_is_a_factorised_reduction() -> None:
    net = genome(DartsSpace(cells=3, filters=4), (SKIP, MAX)).decode(SMALL)
    assert not [name for name in net if name.startswith("cell1.edge0to2")]
    assert [name for name in net if name.startswith(f"cell2.edge0to2.{SKIP}.path1")]
    assert not [name for name in net if "edge1to2.max_pool_3x3.bn" in name]  # poolings have none


def test_what_follows_a_reduction_reads_the_cell_before_it_by_a_factorised_one() -> None:
    net = genome(DartsSpace(cells=8, filters=2)).decode(CIFAR10)
    reduced = [number for number in range(1, 9) if f"cell{number}.input0.path1.conv" in net]
    assert reduced == [4, 7]  # behind the cells 3 and 6


def test_all_but_the_identity_can_be_dropped() -> None:
    net = genome(DartsSpace(cells=3, filters=2)).decode(SMALL)
    dropped = {name for name in net if isinstance(net.layer(name), DropPath)}
    assert {name.split(".")[0] + "." + name.rpartition(".")[2] for name in dropped} == {
        "cell1.sep_conv_3x3_drop",
        *(f"cell{number}.{operation}_drop" for number in (2, 3) for operation in (SEP, SKIP)),
    }


def test_the_auxiliary_head_reads_the_cell_at_two_thirds() -> None:
    one = genome(DartsSpace(cells=8, filters=2))
    assert one.auxiliary_node() == "cell6.output" in one.decode(CIFAR10)


def test_large_images_have_the_stem_of_imagenet() -> None:
    net = genome(DartsSpace(cells=3, filters=4)).decode(Task(3, 96, 96, 5))
    assert net.shape("stem1.first.bn") == (2, 48, 48) and net.shape("stem2.bn") == (4, 12, 12)
    assert "cell1.input0.path1.conv" in net


def test_it_runs_forward_and_backward() -> None:
    for number in range(3):
        one = DartsGenome.random(DartsSpace(cells=3, filters=3), random.Random(number))
        net = build(one.decode(Task(1, 9, 7, 3)))
        loss = net(torch.rand(2, 1, 9, 7)).sum()
        loss.backward()
        assert all(tensor.grad is not None for tensor in net.parameters())


def test_a_mutation_leaves_other_names_alone() -> None:
    space = DartsSpace(cells=3, filters=2)
    one, other = genome(space), genome(space)
    other.normal.set_operation(2, 0, DIL)
    before, after = set(one.decode(SMALL)), set(other.decode(SMALL))
    assert {name.split(".")[1] for name in before ^ after} == {"edge0to4"}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cells": 0}, "darts cells: expected a whole number of at least 1, got 0"),
        ({"filters": 2.5}, "darts filters: expected a whole number of at least 1, got 2.5"),
        ({"stem": "huge"}, "darts stem: expected auto, small or large, got 'huge'"),
        ({"q_c": 2}, "darts q_c: expected a probability from 0 to 1, got 2"),
        ({"layers": 8}, "genome setting 'layers' is unknown"),
    ],
)
def test_settings_that_are_refused(choices: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        DartsSpace.from_dict(choices)


def test_images_that_are_too_small() -> None:
    with pytest.raises(UserError, match="the 2 strides of this genome need at least 4×4 pixels, got 3×8"):
        genome(DartsSpace(cells=3)).decode(Task(1, 3, 8, 2))
