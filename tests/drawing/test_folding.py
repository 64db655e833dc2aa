"""What becomes one box: lines of layers, groups of a large network, repeats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace, published

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Input,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Reuse,
)
from evonas.drawing.folding import fold_chains, label_of
from evonas.drawing.grouping import MOST_GROUPS, gather, group_by_name, quotient
from evonas.task import Task

Drawn = Callable[[Architecture], Any]
Build = Callable[[int, int], Architecture]
DEPTHWISE = Conv2d(kernel=3, depthwise=True)


def chain(*layers: Layer) -> Architecture:
    net = Architecture()
    x = net.add("image", Input((4, 8, 8)))
    for number, layer in enumerate(layers):
        x = net.add(f"n{number}", layer, x)
    return net


@pytest.mark.parametrize(
    ("layers", "folds"),
    [
        ([Conv2d(4), BatchNorm2d(), ReLU(), Conv2d(4), BatchNorm2d(), ReLU()], [3, 3]),
        ([BatchNorm2d(), ReLU(), Conv2d(4), BatchNorm2d(), ReLU(), Conv2d(4)], [3, 3]),
        ([ReLU(), DEPTHWISE, Conv2d(4, 1), BatchNorm2d()] * 2, [4, 4]),
        ([DEPTHWISE, BatchNorm2d(), ReLU(), Conv2d(4, 1), BatchNorm2d(), ReLU()], [3, 3]),
        ([DEPTHWISE, Conv2d(4, 3)], [1, 1]),
        ([DEPTHWISE, Conv2d(4, 1, 2)], [1, 1]),
        ([Conv2d(4), ReLU(), MaxPool2d(2, 2), Dropout(), Conv2d(4)], [2, 2, 1]),
        ([MaxPool2d(8, 8, padding=0), Flatten(), Linear(4)], [1, 2]),
        ([ReLU(), ReLU()], [1, 1]),
    ],
)
def test_a_line_of_layers_is_cut_around_its_main_layers(layers: list[Layer], folds: list[int]) -> None:
    net = chain(*layers)
    found = fold_chains(net)
    assert [len(fold) for fold in found] == [1, *folds]  # the input stands alone
    assert [name for fold in found for name in fold] == list(net)


def test_a_layer_that_others_read_ends_its_box() -> None:
    net = chain(Conv2d(4), BatchNorm2d(), ReLU())
    net.add("join", Add(), "n2", "n1")
    assert fold_chains(net) == [("image",), ("n0", "n1"), ("n2",), ("join",)]


def test_the_output_ends_its_box() -> None:
    net = chain(Conv2d(4), BatchNorm2d(), ReLU())
    net.output = "n1"
    assert fold_chains(net) == [("image",), ("n0", "n1"), ("n2",)]


@pytest.mark.parametrize(
    ("layers", "title", "steps"),
    [
        ([Conv2d(24)], "conv 3×3 → 24", ""),
        ([ReLU(), Conv2d(24, 1, 2)], "conv 1×1 → 24 stride 2", "ReLU · conv"),
        (
            [ReLU(), Conv2d(kernel=5, stride=2, dilation=2, depthwise=True), Conv2d(24, 1), BatchNorm2d()],
            "sep 5×5 → 24 stride 2 dilation 2",
            "ReLU · depthwise · 1×1 · BN",
        ),
        ([MaxPool2d(2, 2), ReLU()], "max 2×2 stride 2", "max 2×2 · ReLU"),
        ([Add(), ReLU()], "+ · ReLU", ""),
        ([BatchNorm2d(), ReLU()], "BN · ReLU", ""),
        (
            [Reuse("n0", Conv2d(24)), Reuse("n1", BatchNorm2d()), ReLU()],
            "conv 3×3 → 24 again",
            "conv again · BN again · ReLU",
        ),
    ],
)
def test_labels(layers: list[Layer], title: str, steps: str) -> None:
    label = label_of(layers)
    assert (label.title, label.steps) == (title, steps)


def test_a_small_network_is_not_grouped(residual: Build) -> None:
    groups = gather(residual(1, 4))
    assert all(not group.name for group in groups)


@pytest.mark.parametrize("cells", [1, 3, 6, 20])
def test_a_large_network_has_few_boxes_and_every_node_in_one(cells: int, drawn: Drawn) -> None:
    genome = AmoebaGenome(*published.AMOEBANET_A_TPU, AmoebaSpace(cells=cells, filters=4))
    net = genome.decode(Task(3, 32, 32, 10))
    groups = gather(net)
    assert sorted(name for group in groups for name in group.nodes) == sorted(net)
    assert len(drawn(net).boxes) < 60


def test_networks_without_telling_names_are_cut_into_runs(drawn: Drawn, tangled: Build) -> None:
    net = tangled(5, 1200)
    groups = gather(net)
    assert sorted(name for group in groups for name in group.nodes) == sorted(net)
    assert 10 < len(groups) <= MOST_GROUPS
    assert acyclic(net, groups)
    assert len(drawn(net).boxes) < 60


def acyclic(net: Architecture, groups: list[Any]) -> bool:
    place = {name: index for index, group in enumerate(groups) for name in group.nodes}
    return bool(nx.is_directed_acyclic_graph(nx.DiGraph(list(quotient(net, net, place.__getitem__)))))


def test_groups_on_a_cycle_are_cut_into_parts() -> None:
    net = Architecture()
    x = net.add("image", Input((4, 8, 8)))
    x = net.add("left.one", Conv2d(4), x)
    x = net.add("right.one", Conv2d(4), x)
    x = net.add("left.two", Conv2d(4), x)
    y = net.add("other.one", Conv2d(4), x)
    net.add("other.two", Add(), y, x)
    groups = group_by_name(net, list(net), level=1)
    assert [(group.name, group.nodes) for group in groups] == [
        ("image", ("image",)),
        ("left (part 1 of 2)", ("left.one",)),
        ("right", ("right.one",)),
        ("left (part 2 of 2)", ("left.two",)),
        ("other", ("other.one", "other.two")),
    ]
    assert acyclic(net, groups)


@pytest.mark.parametrize("seed", range(5))
def test_groups_never_close_a_cycle(seed: int, tangled: Build) -> None:
    plain = tangled(seed, 80)
    net = Architecture()  # the same network, its nodes dealt out to five groups without any order
    new = {name: f"group{index * index % 5}.{name}" for index, name in enumerate(plain)}
    for name in plain:
        net.add(new[name], plain.layer(name), *(new[source] for source in plain.inputs(name)))
    groups = group_by_name(net, list(net), level=1)
    assert sorted(name for group in groups for name in group.nodes) == sorted(net)
    assert acyclic(net, groups)


def test_repeated_blocks_become_one_stack_that_counts_them(drawn: Drawn, residual: Build) -> None:
    drawing = drawn(residual(2, 30))
    stacks = [box for box in drawing.boxes if box.cards]
    assert [box.words for box in stacks] == [
        ("stage1.block1 … block30", "30 alike, each 6 layers", "8×32×32 · 36k params in all"),
        ("stage2.block1 … block30", "30 alike, each 6 layers", "8×16×16 · 36k params in all"),
    ]


def test_blocks_that_call_their_own_layers_again_are_alike(drawn: Drawn, residual: Build) -> None:
    net = residual(1, 30)
    for number in range(1, 31):
        net.replace(f"stage1.block{number}.conv2", Reuse(f"stage1.block{number}.conv1", Conv2d(8)))
    drawing = drawn(net)
    assert [box.words[:2] for box in drawing.boxes if box.cards] == [
        ("stage1.block1 … block30", "30 alike, each 6 layers")
    ]
    net.replace("stage1.block10.conv2", Reuse("stage1.block9.conv1", Conv2d(8)))
    titles = [box.words[0] for box in drawn(net).boxes]
    assert "stage1.block11 … block30" in titles


def test_a_block_that_differs_is_not_folded_in(drawn: Drawn, residual: Build) -> None:
    net = residual(1, 30)
    net.replace("stage1.block10.conv1", Conv2d(8, 5))
    titles = [box.words[0] for box in drawn(net).boxes]
    assert "stage1.block1 … block9" in titles
    assert "stage1.block10" in titles
    assert "stage1.block11 … block30" in titles


def test_a_block_whose_wiring_differs_is_not_folded_in(drawn: Drawn, residual: Build) -> None:
    net = residual(1, 30)
    net.rewire("stage1.block10.sum", "stage1.block10.bn2", "stage1.block10.relu")
    titles = [box.words[0] for box in drawn(net).boxes]
    assert "stage1.block10" in titles
