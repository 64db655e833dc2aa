"""What a code decodes to: the base networks, the published ones, names that carry weights."""

import random
from collections.abc import Callable

import networkx as nx
import pytest
import torch
from evonas.genomes.genet import GenetGenome, GenetSpace, published
from torch import nn

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
)
from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of
from evonas.task import Task

MNIST = GenetSpace(nodes=(3, 5), filters=(20, 50), pool=2, hidden=500)
CIFAR = GenetSpace()


def convolutions(filters: int, kernel: int, pool: MaxPool2d) -> list[Layer]:
    return [Conv2d(filters, kernel), BatchNorm2d(), ReLU(), pool]


def layers(net: Architecture) -> list[Layer]:
    """The layers in order, of a network that is a chain."""
    assert all(len(net.readers(name)) <= 1 and len(net.inputs(name)) <= 1 for name in net)
    return [net.layer(name) for name in net]


def test_the_base_network_for_mnist() -> None:
    """C5@20-MP2S2-C5@50-MP2S2-FC500-D0.5-FC10 (Section 4.1)."""
    net = GenetGenome([0] * 13, MNIST).decode(Task(1, 28, 28, 10))
    pool = MaxPool2d(2, 2, padding=0)
    assert layers(net) == [
        Input((1, 28, 28)),
        *convolutions(20, 5, pool),
        *convolutions(50, 5, pool),
        Flatten(),
        Linear(500),
        ReLU(),
        Dropout(0.5),
        Linear(10),
    ]
    assert net.shape("flatten") == (50 * 7 * 7,)
    normalisation = 2 * (20 + 50)
    filters = 5 * 5 * (1 * 20 + 20 * 50)
    assert net.parameter_count() == filters + normalisation + (2450 * 500 + 500) + (500 * 10 + 10)


def test_the_base_network_for_cifar10() -> None:
    """C5(P2)@8-MP3(S2)-C5(P2)@16-MP3(S2)-C5(P2)@32-MP3(S2)-FC128-D0.5-FC10 (Section 4.2)."""
    net = GenetGenome([0] * 19, CIFAR).decode(Task(3, 32, 32, 10))
    pool = MaxPool2d(3, 2, padding=1)
    assert layers(net) == [
        Input((3, 32, 32)),
        *convolutions(8, 5, pool),
        *convolutions(16, 5, pool),
        *convolutions(32, 5, pool),
        Flatten(),
        Linear(128),
        ReLU(),
        Dropout(0.5),
        Linear(10),
    ]
    assert Conv2d(8, 5).pads == (2, 2)
    assert [net.shape(f"stage{stage}.pool") for stage in (1, 2, 3)] == [(8, 16, 16), (16, 8, 8), (32, 4, 4)]


def stage_of(net: Architecture, stage: int) -> nx.DiGraph:
    """A stage's convolutions, who reads whom, and their kernels."""
    inside = [name for name in net if name.startswith(f"stage{stage}.") and not name.endswith(".pool")]
    made = nx.DiGraph()
    for name in inside:
        layer = net.layer(name)
        if not isinstance(layer, Conv2d):
            continue
        assert [type(net.layer(reader)) for reader in net.readers(name)] == [BatchNorm2d]
        (normalised,) = net.readers(name)
        assert [type(net.layer(reader)) for reader in net.readers(normalised)] == [ReLU]
        made.add_node(name.removesuffix(".conv"), kernel=layer.kernel, filters=layer.out_channels)
        (summed,) = net.inputs(name)
        read = net.inputs(summed) if isinstance(net.layer(summed), Add) else (summed,)
        for source in read:
            if source in inside:
                made.add_edge(source.removesuffix(".relu"), name.removesuffix(".conv"))
    return made


def by_hand(filters: int, *pairs: tuple[str, str]) -> nx.DiGraph:
    made = nx.DiGraph(pairs)
    for node in made:
        made.nodes[node].update(kernel=(5, 5) if node == "in" else (3, 3), filters=filters)
    return made


CHAIN = by_hand(8, ("in", "1"), ("1", "2"), ("2", "3"), ("3", "out"))
GENET_1_SECOND = by_hand(16, *[("in", "1"), ("in", "2"), ("2", "3"), ("1", "4"), ("3", "out"), ("4", "out")])
GENET_2_SECOND = by_hand(16, *[("in", "1"), ("1", "2"), ("2", "3"), ("1", "4"), ("3", "out"), ("4", "out")])
THIRD = by_hand(
    32,
    *[("in", "1"), ("in", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4"), ("4", "5"), ("5", "out")],
)


@pytest.mark.parametrize(
    ("name", "stages"),
    [("genet-1", [CHAIN, GENET_1_SECOND, THIRD]), ("genet-2", [CHAIN, GENET_2_SECOND, THIRD])],
)
def test_the_published_codes_decode_to_the_graphs_of_figure_5(name: str, stages: list[nx.DiGraph]) -> None:
    net = GenetGenome.from_text(published.PUBLISHED[name], CIFAR).decode(Task(3, 32, 32, 10))
    for number, expected in enumerate(stages, 1):
        found = stage_of(net, number)
        assert nx.is_isomorphic(found, expected, node_match=lambda a, b: a == b)
        assert set(found.edges) == {
            (f"stage{number}.{spelt(source)}", f"stage{number}.{spelt(target)}")
            for source, target in expected.edges
        }


def spelt(node: str) -> str:
    return {"in": "input", "out": "output"}.get(node, f"node{node}")


def test_the_two_published_codes_differ() -> None:
    one, other = (GenetGenome.from_text(published.PUBLISHED[name], CIFAR) for name in ("genet-1", "genet-2"))
    assert one.key() != other.key()


def test_all_ones_sums_every_lower_node() -> None:
    net = GenetGenome([1] * 19, CIFAR).decode(Task(3, 32, 32, 10))
    for stage, nodes in enumerate(CIFAR.nodes, 1):
        assert len(stage_of(net, stage)) == nodes + 2
        for node in range(3, nodes + 1):
            read = net.inputs(f"stage{stage}.node{node}.add")
            assert read == tuple(f"stage{stage}.node{lower}.relu" for lower in range(1, node))
        assert net.inputs(f"stage{stage}.node1.conv") == (f"stage{stage}.input.relu",)
        assert net.inputs(f"stage{stage}.output.conv") == (f"stage{stage}.node{nodes}.relu",)


def test_a_network_computes_sums_as_its_code_says(build_random: Callable[..., nn.Module]) -> None:
    """A stage by hand, from the network's own tensors: 0-01 of 2 stages' first."""
    space = GenetSpace(nodes=(3, 2), filters=4, pool=2, hidden=5, dropout=0.0)
    genome = GenetGenome.from_text("0-11|0", space)
    net = genome.decode(Task(1, 4, 4, 2))
    network = build_random(net, 3, torch.float64)
    w = network.state_dict()

    def unit(place: str, x: torch.Tensor) -> torch.Tensor:
        kernel = w[f"{place}.conv.weight"]
        y = nn.functional.conv2d(x, kernel, padding=kernel.shape[-1] // 2)
        statistics = (w[f"{place}.bn.running_mean"], w[f"{place}.bn.running_var"])
        return nn.functional.batch_norm(y, *statistics, w[f"{place}.bn.weight"], w[f"{place}.bn.bias"]).relu()

    x = torch.randn(2, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    begin = unit("stage1.input", x)
    first, second = unit("stage1.node1", begin), unit("stage1.node2", begin)
    end = unit("stage1.output", unit("stage1.node3", first + second))
    y = unit("stage2.input", nn.functional.max_pool2d(end, 2))
    y = nn.functional.max_pool2d(y, 2).flatten(1)
    y = nn.functional.linear(y, w["hidden.linear.weight"], w["hidden.linear.bias"]).relu()
    y = nn.functional.linear(y, w["classifier.weight"], w["classifier.bias"])
    assert torch.allclose(network(x), y, rtol=1e-10, atol=1e-12)


def test_a_child_with_one_more_edge_inherits_every_tensor_of_its_parent() -> None:
    space, task = GenetSpace(filters=2, pool=2, hidden=4), Task(1, 8, 8, 3)
    parent = GenetGenome.from_text("1-01|0-01-100|0-11-101-0001", space)
    child = parent.clone()
    child[7] = 1  # node 2 feeds node 4 as well
    before, after = parent.decode(task), child.decode(task)
    assert set(before.parameters()) == set(after.parameters())
    weights = weights_of(build(before, 0))
    network = build(after, 1)
    assert inherit(network, after, before, weights) == 1.0
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())


def test_keys_agree_with_the_keys_of_the_networks(rng: random.Random) -> None:
    space, task = GenetSpace(nodes=(3, 4), filters=2, pool=2, hidden=3), Task(1, 4, 4, 2)
    genomes = [GenetGenome.random(space, rng) for _ in range(250)]
    pairs = {(genome.key(), genome.decode(task).key()) for genome in genomes}
    assert len(pairs) == len({key for key, _ in pairs}) == len({key for _, key in pairs})
    assert len(pairs) < len({str(genome) for genome in genomes})  # some differ in their numbering alone
