"""Changes of width where channels are tied in every way that was found to be hard."""

from collections.abc import Callable

import pytest
import torch
from evonas.operators.morphisms import PruneChannels, Widen, ZeroWiden

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    DropPath,
    Flatten,
    GlobalAvgPool,
    Input,
    LeakyReLU,
    Linear,
    MaxPool2d,
    MinPool2d,
    Multiply,
    PadChannels,
    Pixel,
    ReLU,
    Resize,
    Scale,
    Shift,
    TakeChannels,
)
from evonas.evolution.morphism import apply
from evonas.network.network import build
from evonas.testing.morphisms import check_morphism, images_for, randomise, spread

CASES: dict[str, Callable[[Architecture], str]] = {}


def case(make: Callable[[Architecture], str]) -> Callable[[Architecture], str]:
    """A network behind an image, with a node `conv` to change; returns the node that the classifier reads."""
    CASES[make.__name__] = make
    return make


def block(net: Architecture, name: str, source: str, width: int = 6, kernel: int = 3) -> str:
    x = net.add(f"{name}.conv", Conv2d(width, kernel), source)
    return net.add(f"{name}.relu", ReLU(), net.add(f"{name}.bn", BatchNorm2d(), x))


@case
def the_stem(net: Architecture) -> str:
    x = net.add("bn", BatchNorm2d(), net.add("conv", Conv2d(6, bias=True), "image"))
    return block(net, "next", net.add("relu", ReLU(), x))


@case
def pools_and_what_hands_on(net: Architecture) -> str:
    x = net.add("conv", Conv2d(6), "image")
    for name, layer in (
        ("max", MaxPool2d(3, 1)),
        ("scale", Scale()),
        ("avg", AvgPool2d(2)),
        ("shift", Shift()),
        ("leaky", LeakyReLU(0.2)),
        ("min", MinPool2d(2, 1)),
        ("drop", Dropout(0.5)),
        ("path", DropPath()),
        ("resize", Resize((5, 7))),
    ):
        x = net.add(name, layer, x)
    return block(net, "next", x)


@case
def two_depthwise_in_a_row(net: Architecture) -> str:
    x = net.add("conv", Conv2d(6), "image")
    x = net.add("depthwise1", Conv2d(kernel=3, depthwise=True, bias=True), x)
    x = net.add("bn", BatchNorm2d(), x)
    x = net.add("depthwise2", Conv2d(kernel=5, depthwise=True), x)
    return block(net, "point", x, kernel=1)


@case
def the_same_source_twice(net: Architecture) -> str:
    x = net.add("conv", Conv2d(6), "image")
    both = net.add("both", Concat(), x, x)
    twice = net.add("twice", Add(), x, x, x)
    return net.add("sum", Add(), block(net, "a", both), block(net, "b", twice))


@case
def a_sum_of_swapped_concatenations(net: Architecture) -> str:
    a, b = net.add("conv", Conv2d(4), "image"), block(net, "b", "image", 4)
    x = net.add("sum", Add(), net.add("ab", Concat(), a, b), net.add("ba", Concat(), b, a))
    return block(net, "next", x)


@case
def a_sum_of_concatenations_that_do_not_align(net: Architecture) -> str:
    a, b = net.add("conv", Conv2d(3), "image"), block(net, "b", "image", 5)
    c, d = block(net, "c", "image", 6), block(net, "d", "image", 2)
    x = net.add("sum", Add(), net.add("ab", Concat(), a, b), net.add("cd", Concat(), c, d))
    return block(net, "next", x)


@case
def a_residual_chain(net: Architecture) -> str:
    x = net.add("conv", Conv2d(6), "image")
    for name in ("first", "second"):
        branch = net.add(f"{name}.end", Conv2d(6, 1), block(net, name, x))
        x = net.add(f"{name}.sum", Add(), x, net.add(f"{name}.scale", Scale(), branch))
    return net.add("relu", ReLU(), x)


@case
def a_sum_with_the_image_beside(net: Architecture) -> str:
    x = net.add("conv", Conv2d(6), net.add("joined", Concat(), "image", block(net, "a", "image", 4)))
    return block(net, "next", net.add("again", Concat(), "image", x))


@case
def grouped_convolutions(net: Architecture) -> str:
    x = block(net, "grouped1", net.add("conv", Conv2d(8), "image"))
    x = net.add(
        "grouped2", Conv2d(12, groups=4), net.add("eight", Conv2d(8, groups=2), net.add("g0", Conv2d(4), x))
    )
    return net.add(
        "sum", Add(), x, net.add("side", Conv2d(12, groups=6, bias=True), net.add("six", Conv2d(6), "conv"))
    )


@case
def a_grouped_convolution_reads_it(net: Architecture) -> str:
    x = net.add("conv", Conv2d(8), "image")
    return block(net, "next", net.add("grouped", Conv2d(4, groups=4), x))


@case
def a_grouped_convolution_itself(net: Architecture) -> str:
    x = net.add("conv", Conv2d(9, groups=3, bias=True), block(net, "six", "image"))
    return block(net, "next", net.add("bn", BatchNorm2d(), x))


@case
def groups_behind_groups(net: Architecture) -> str:
    x = net.add("conv", Conv2d(12, groups=2), block(net, "six", "image"))
    return net.add("last", ReLU(), net.add("behind", Conv2d(8, groups=4), x))


@case
def groups_of_one_channel(net: Architecture) -> str:
    x = net.add("conv", Conv2d(4), "image")
    return block(net, "next", net.add("grouped", Conv2d(8, groups=4), x))


@case
def groups_over_a_sum_of_swapped_concatenations(net: Architecture) -> str:
    a, b = net.add("conv", Conv2d(4), "image"), block(net, "b", "image", 4)
    x = net.add("sum", Add(), net.add("ab", Concat(), a, b), net.add("ba", Concat(), b, a))
    return net.add("grouped", Conv2d(6, groups=2), x)


@case
def slices_and_padding(net: Architecture) -> str:
    x = net.add("conv", Conv2d(7), "image")
    first, last = net.add("first", TakeChannels(3), x), net.add("last", TakeChannels(4, start=3), x)
    swapped = net.add("swapped", Concat(), last, first)
    padded = net.add("padded", PadChannels(4), net.add("middle", TakeChannels(3, start=2), x))
    return block(net, "next", net.add("sum", Add(), swapped, padded))


@case
def flattened(net: Architecture) -> str:
    x = net.add("flat", Flatten(), net.add("pool", MaxPool2d(2, 2), net.add("conv", Conv2d(5), "image")))
    x = net.add("joined", Concat(), x, net.add("mean", GlobalAvgPool(), "conv"))
    return net.add("relu", ReLU(), net.add("hidden", Linear(7), x))


@case
def a_linear_layer(net: Architecture) -> str:
    x = net.add("conv", Linear(9, bias=False), net.add("flat", Flatten(), "image"))
    x = net.add("relu", ReLU(), x)
    return net.add("sum", Add(), x, net.add("other", Linear(9), net.add("mean", GlobalAvgPool(), "image")))


@case
def a_gate(net: Architecture) -> str:
    x = net.add("conv", Conv2d(6), "image")
    gate = net.add(
        "excite",
        Linear(6),
        net.add("relu", ReLU(), net.add("squeeze", Linear(2), net.add("mean", GlobalAvgPool(), x))),
    )
    return block(net, "next", net.add("gated", Multiply(), x, net.add("gate", Pixel(), gate)))


def network(name: str) -> Architecture:
    net = Architecture()
    net.add("image", Input((2, 6, 6)))
    last = CASES[name](net)
    vector = last if len(net.shape(last)) == 1 else net.add("vector", GlobalAvgPool(), last)
    net.add("logits", Linear(4), vector)
    net.validate()
    return net


@pytest.mark.parametrize("more", [1, 3, 13])
@pytest.mark.parametrize("name", CASES)
def test_widening_preserves_the_function(name: str, more: int) -> None:
    net = network(name)
    weights = randomise(net, more)
    parent = build(net, weights=weights, dtype=torch.float64)
    assert spread(parent, images_for(net)) > 1e-3
    width = net.shape("conv")[0]
    for morphism in (
        Widen("conv", width + more, more),
        Widen("conv", width + more, more, equal=True),
        ZeroWiden("conv", width + more, more),
    ):
        child, _ = check_morphism(morphism, net, weights)
        assert child.shape("conv")[0] > width
        assert child.shape(child.output) == (4,)
        assert set(child) == set(net)


PRUNABLE = [name for name in CASES if name != "groups_of_one_channel"]


@pytest.mark.parametrize("name", PRUNABLE)
def test_pruning_gives_valid_networks(name: str) -> None:
    net = network(name)
    weights = randomise(net, 0)
    width = net.shape("conv")[0]
    for morphism in (
        PruneChannels("conv", width // 2, 5),
        PruneChannels.by_norm(net, weights, "conv", width // 2),
    ):
        child, _ = check_morphism(morphism, net, weights)
        assert width // 2 <= child.shape("conv")[0] < width


@pytest.mark.parametrize("name", PRUNABLE)
def test_pruning_what_a_widening_added_gives_the_parent_again(name: str) -> None:
    net = network(name)
    weights = randomise(net, 0)
    width = net.shape("conv")[0]
    child, carried = apply([ZeroWiden("conv", width + 3, 1)], net, weights)
    old = weights["conv.weight"]
    new = [
        row
        for row, tensor in enumerate(carried["conv.weight"])
        if not (tensor == old).flatten(1).all(1).any()
    ]
    assert len(new) == child.shape("conv")[0] - width
    back = PruneChannels("conv", width, removed=tuple(new))
    again, restored = apply([back], child, carried)
    assert again == net
    assert restored.keys() == weights.keys()
    assert all(torch.equal(restored[key], weights[key]) for key in weights)
