import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Input,
    ReLU,
)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_the_key_ignores_names_and_the_order_of_adding(random_architecture, seed):
    rng = random.Random(seed)
    net = random_architecture(rng)
    names = dict(zip(net, rng.sample([f"n{number}" for number in range(99)], len(net)), strict=True))
    order = nx.lexicographical_topological_sort(net.graph, key=lambda _: rng.random())
    other = Architecture()
    for name in order:
        other.add(names[name], net.layer(name), *(names[source] for source in net.inputs(name)))
    other.output = names[net.output]
    assert other.key() == net.key()


def changed(change) -> str:
    """The key of a small network after a change."""
    net = Architecture()
    net.add("image", Input((4, 8, 8)))
    net.add("a", Conv2d(4, 1), "image")
    net.add("b", Conv2d(4, 3), "image")
    net.add("sum", Add(), "a", "b", "a")
    net.add("join", Concat(), "a", "b", "sum", "a")
    net.add("end", BatchNorm2d(), "join")
    change(net)
    return net.key()


SAME = {
    "nothing": lambda net: None,
    "the order of a sum": lambda net: net.rewire("sum", "b", "a", "a"),
    "a dead part": lambda net: (net.add("dead", ReLU(), "a"), setattr(net, "output", "end")),
    "names swapped": lambda net: (
        net.replace("a", Conv2d(4, 3)),
        net.replace("b", Conv2d(4, 1)),
        net.rewire("sum", "b", "a", "b"),
        net.rewire("join", "b", "a", "sum", "b"),
    ),
}
OTHER = {
    "a choice of a layer": lambda net: net.replace("a", Conv2d(4, 1, bias=True)),
    "a kind of layer": lambda net: net.replace("end", ReLU()),
    "how often a sum reads": lambda net: net.rewire("sum", "a", "b"),
    "which one a sum reads twice": lambda net: net.rewire("sum", "a", "b", "b"),
    "the order of a concatenation": lambda net: net.rewire("join", "b", "a", "sum", "a"),
    "the order of its repetitions": lambda net: net.rewire("join", "a", "a", "b", "sum"),
    "the output": lambda net: setattr(net, "output", "join"),
    "an inner output": lambda net: setattr(net, "output", "sum"),
    "layers swapped": lambda net: (net.replace("a", Conv2d(4, 3)), net.replace("b", Conv2d(4, 1))),
    "the image's size": lambda net: net.replace("image", Input((4, 8, 9))),
}


@pytest.mark.parametrize("what", SAME)
def test_the_key_ignores(what):
    assert changed(SAME[what]) == changed(lambda net: None)


def test_the_key_tells_apart():
    keys = {what: changed(change) for what, change in (OTHER | {"nothing": lambda net: None}).items()}
    assert len(set(keys.values())) == len(keys)
