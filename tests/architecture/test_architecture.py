import json
import random
import re

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Concat,
    Conv2d,
    Input,
    Linear,
    ReLU,
)
from evonas.errors import UserError
from evonas.network.network import build

SEEDS = st.integers(0, 2**32)


@pytest.fixture
def net(two_branches: Architecture) -> Architecture:
    return two_branches


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
