import json
import re

import pytest

from evonas.architecture.architecture import LARGEST, Architecture
from evonas.architecture.layers import (
    Add,
    Concat,
    Conv2d,
    Input,
    Linear,
    ReLU,
    ShapeError,
)
from evonas.errors import UserError
from evonas.network.network import build


@pytest.fixture
def net(two_branches: Architecture) -> Architecture:
    return two_branches


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


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
            "architecture: expected at most 20,000 nodes, got 20,001",
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
