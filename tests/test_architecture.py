import json
import random
import re

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from evonas.architecture import LARGEST, Architecture
from evonas.errors import UserError
from evonas.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    ReLU,
    ShapeError,
)
from evonas.network import build

SEEDS = st.integers(0, 2**32)


@pytest.fixture
def net() -> Architecture:
    """Two branches that meet."""
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    net.add("stem.conv", Conv2d(4, bias=True), "image")
    net.add("left", Conv2d(4, 1), "stem.conv")
    net.add("right.pool", MaxPool2d(), "stem.conv")
    net.add("join", Concat(), "left", "right.pool")
    net.add("pool", GlobalAvgPool(), "join")
    net.add("head", Linear(5), "pool")
    return net


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


# -- against torch ------------------------------------------------------------------------------


@settings(max_examples=60)
@given(SEEDS)
def test_shapes_tensors_counts_and_cost_are_those_of_the_network(random_architecture, seed):
    net = random_architecture(random.Random(seed))
    network = build(net)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = network.eval()(torch.zeros(1, 2, 8, 8))
    assert tuple(output.shape[1:]) == net.shapes()[net.output]
    state = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert state == net.parameters() | net.buffers()
    assert {name for name, _ in network.named_parameters()} == set(net.parameters())
    assert sum(p.numel() for p in network.parameters()) == net.parameter_count()
    assert counter.get_total_flops() == net.flops()


@settings(max_examples=20)
@given(SEEDS)
def test_every_node_has_the_shape_that_is_said(random_architecture, seed):
    net = random_architecture(random.Random(seed))
    for name, shape in net.shapes().items():
        part = net.copy()
        part.output = name
        part.prune()
        assert tuple(build(part).eval()(torch.zeros(2, 2, 8, 8)).shape[1:]) == shape == net.shape(name)


@settings(max_examples=60)
@given(SEEDS)
def test_json_and_back(random_architecture, seed):
    net = random_architecture(random.Random(seed))
    data = json.loads(json.dumps(net.to_dict()))
    again = Architecture.from_dict(data)
    assert again == net
    assert again.shapes() == net.shapes()
    assert again.key() == net.key()
    assert again.to_dict() == data


# -- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("a", "a", "a"),
        ("a.b", "a", "a"),
        ("a", "a.b", "a"),
        ("a.b", "a.b.c.d", "a.b"),
        ("a.b.c", "a.b", "a.b"),
    ],
)
def test_no_name_may_begin_another(first, second, clash):
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    net.add(first, ReLU(), "image")
    with refused(f"node name {second!r}: {clash!r} is used already, and no name may begin another"):
        net.add(second, ReLU(), "image")


def test_names_that_only_look_alike_do_not_clash():
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    for name in ("a.b", "ab", "a.bc", "a_b", "a.c.b"):
        net.add(name, ReLU(), "image")


def test_a_name_is_free_again_when_its_node_is_gone(net):
    net.remove("head")
    net.output = "pool"
    net.add("head.linear", Linear(5), "pool")
    net.output = "left"
    net.prune()
    net.add("right", ReLU(), "left")


def test_a_node_that_was_refused_leaves_nothing_behind(net):
    before = net.copy()
    with refused("node 'more.conv' (Conv2d): its input 'nowhere' is not a node before it"):
        net.add("more.conv", Conv2d(4), "nowhere")
    assert net == before
    assert net.add("more", ReLU(), "join") == "more"


# -- wrong graphs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (ReLU(), (), "node 'new' (ReLU): expected 1 input(s), got 0"),
        (Conv2d(4), ("left", "left"), "node 'new' (Conv2d): expected 1 input(s), got 2"),
        (Input((3, 8, 8)), ("left",), "node 'new' (Input): expected 0 input(s), got 1"),
        (Add(), (), "node 'new' (Add): expected at least one input, got 0"),
        (ReLU(), ("new",), "node 'new' (ReLU): its input 'new' is not a node before it"),
        (Concat(), ("left", "stem"), "node 'new' (Concat): its input 'stem' is not a node before it"),
    ],
)
def test_wrong_inputs_are_refused(net, layer, inputs, message):
    with refused(message):
        net.add("new", layer, *inputs)


def test_shapes_that_disagree_name_the_node(net):
    net.add("sum", Add(), "join", "left")
    with refused("node 'sum': Add expected inputs of one shape, got (8, 8, 8), (4, 8, 8)"):
        net.shapes()
    net.rewire("sum", "left", "stem.conv")
    net.add("classes", Linear(3), "sum")
    net.prune()
    with pytest.raises(
        ShapeError, match=re.escape("node 'classes': Linear expected (features,), got (4, 8, 8)")
    ):
        build(net)


def test_a_network_has_one_input():
    net = Architecture()
    with refused("architecture: no output node is set"):
        net.validate()
    net.add("one", Input((3, 8, 8)))
    net.add("two", Input((3, 8, 8)))
    net.add("sum", Add(), "one", "two")
    with refused("architecture: expected one Input node, got 2"):
        net.validate()


def test_a_node_that_leads_nowhere_is_refused(net):
    net.add("extra", ReLU(), "left")
    net.output = "head"
    with refused("node 'extra' (ReLU): no path leads from it to the output"):
        net.validate()
    net.prune()
    net.validate()
    assert "extra" not in net


def test_pruning_keeps_the_input():
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    net.add("dead", ReLU(), "image")
    net.output = "image"
    net.prune()
    assert list(net) == ["image"]
    net.validate()


@pytest.mark.parametrize(
    "ask",
    [
        lambda net: net.layer("gone"),
        lambda net: net.inputs("gone"),
        lambda net: net.readers("gone"),
        lambda net: net.shape("gone"),
        lambda net: net.input_shapes("gone"),
        lambda net: net.replace("gone", ReLU()),
        lambda net: net.rewire("gone", "left"),
        lambda net: net.remove("gone"),
        lambda net: setattr(net, "output", "gone"),
    ],
)
def test_a_node_that_is_not_there_is_named(net, ask):
    with refused("node 'gone': not in this architecture"):
        ask(net)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(nodes="x"), "architecture: expected an object with a list of 'nodes', got"),
        (lambda d: d.update(format=2), "architecture format: this version reads 1, got 2"),
        (lambda d: d.pop("format"), "architecture format: this version reads 1, got None"),
        (lambda d: d.pop("output"), "architecture output: expected a node's name, got None"),
        (lambda d: d.update(output=["head"]), "architecture output: expected a node's name, got ['head']"),
        (lambda d: d.update(output="tail"), "node 'tail': not in this architecture"),
        (lambda d: d.update(output="left"), "no path leads from it to the output"),
        (lambda d: d["nodes"].append("x"), "architecture node: expected name, layer and inputs, got 'x'"),
        (lambda d: d["nodes"][1].pop("layer"), "architecture node: expected name, layer and inputs, got {"),
        (lambda d: d["nodes"][1].pop("name"), "architecture node: expected name, layer and inputs, got {"),
        (
            lambda d: d["nodes"][1].update(inputs=None),
            "node 'stem.conv': expected a list of inputs, got None",
        ),
        (
            lambda d: d["nodes"][1].update(inputs="image"),
            "node 'stem.conv': expected a list of inputs, got 'image'",
        ),
        (lambda d: d["nodes"][1].update(inputs=[["image"]]), "its input ['image'] is not a node before it"),
        (lambda d: d["nodes"][1].update(name=7), "node name: expected 1 to 200 characters, got 7"),
        (
            lambda d: d["nodes"][1].update(layer={"kind": "Conv"}),
            "layer kind 'Conv' is unknown; did you mean",
        ),
        (lambda d: d["nodes"].reverse(), "node 'head' (Linear): its input 'pool' is not a node before it"),
        (
            lambda d: d.update(nodes=[None] * (LARGEST + 1)),
            "architecture: expected at most 100000 nodes, got 100001",
        ),
        (lambda d: d.update(nodes=[]), "node 'head': not in this architecture"),
    ],
)
def test_json_of_something_else_is_refused(net, change, message):
    data = json.loads(json.dumps(net.to_dict()))
    change(data)
    with refused(message):
        Architecture.from_dict(data)


@pytest.mark.parametrize("data", [None, [], "architecture", {}])
def test_json_that_is_no_architecture_is_refused(data):
    with refused("architecture: expected an object with a list of 'nodes', got"):
        Architecture.from_dict(data)


# -- changes ------------------------------------------------------------------------------------


def test_shapes_follow_every_change(net):
    assert net.shapes()["head"] == (5,)
    net.replace("stem.conv", Conv2d(6, stride=2))
    assert net.shapes()["join"] == (10, 4, 4)
    net.rewire("join", "left", "left", "right.pool")
    assert net.shapes()["pool"] == (14,)
    net.remove("head")
    assert "head" not in net.shapes()
    net.output = "left"
    net.prune()
    assert set(net.shapes()) == {"image", "stem.conv", "left"}


def test_the_shapes_that_are_returned_are_the_callers_own(net):
    net.shapes()["head"] = (99,)
    assert net.shapes()["head"] == (5,)


def test_replacing_checks_the_number_of_inputs(net):
    with refused("node 'join' (ReLU): expected 1 input(s), got 2"):
        net.replace("join", ReLU())
    assert net.layer("join") == Concat()


def test_rewiring_refuses_cycles_and_changes_nothing_then(net):
    before = net.copy()
    for cycle in ("head", "pool", "join"):
        with refused(f"node 'join': reading {cycle!r} would close a cycle"):
            net.rewire("join", "left", cycle)
    with refused("node 'join' (Concat): its input 'nowhere' is not a node before it"):
        net.rewire("join", "left", "nowhere")
    with refused("node 'left' (Conv2d): expected 1 input(s), got 2"):
        net.rewire("left", "image", "image")
    assert net == before


def test_a_node_that_is_read_cannot_be_removed(net):
    with refused("node 'left' cannot be removed: 'join' reads it"):
        net.remove("left")
    net.remove("head")
    with refused("architecture: no output node is set"):
        net.output  # noqa: B018 - reading it raises


def test_inputs_keep_their_order_and_repetitions(net):
    net.rewire("join", "right.pool", "left", "right.pool")
    assert net.inputs("join") == ("right.pool", "left", "right.pool")
    assert set(net.readers("stem.conv")) == {"left", "right.pool"}


def test_a_copy_is_independent(net):
    copy = net.copy()
    assert copy == net
    copy.replace("left", Conv2d(9, 1))
    copy.add("soft", ReLU(), "head")
    assert copy != net
    assert net.shapes()["join"] == (8, 8, 8)
    assert net.output == "head"
    assert "soft" not in net
    net.add("soft.relu", ReLU(), "head")


def test_iteration_is_in_an_order_of_computation(net):
    order = list(net)
    assert len(order) == len(net) == 7
    assert all(order.index(source) < order.index(name) for name in net for source in net.inputs(name))


def test_equality_sees_names_and_a_hash_is_refused(net):
    other = Architecture()
    for name in net:
        other.add(
            name.replace("left", "port"),
            net.layer(name),
            *(i.replace("left", "port") for i in net.inputs(name)),
        )
    assert other != net
    assert net != "net"
    with pytest.raises(TypeError, match="an Architecture can change: use key"):
        hash(net)
    assert repr(net) == "<Architecture of 7 nodes, output 'head'>"


def test_the_graph_is_a_view_that_cannot_be_changed(net):
    assert net.graph.edges["left", "join"]["ports"] == (0,)
    assert net.graph.nodes["left"]["layer"] == Conv2d(4, 1)
    with pytest.raises(nx.NetworkXError, match="[Ff]rozen"):
        net.graph.add_node("x")


def test_deep_networks_need_no_deep_stack():
    net = Architecture()
    last = net.add("image", Input((1, 2, 2)))
    for number in range(3000):
        last = net.add(f"relu{number}", ReLU(), last)
    assert net.shape(last) == (1, 2, 2)
    assert len(net.key()) == 32


# -- the key ------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(SEEDS)
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
