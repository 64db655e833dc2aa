"""Nodes that compute with another's tensors: what the graph says of them, and what it refuses."""

import json
import re

import pytest
import torch

from evonas.architecture import Architecture, ChannelClasses
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    ReLU,
    Reuse,
)
from evonas.errors import UserError
from evonas.network.network import build
from evonas.training.memory import footprint
from evonas.training.plan import Plan


def network(again: bool = True, names: tuple[str, str] = ("first", "second")) -> Architecture:
    """A convolution on an image and on a smaller one, summed; one layer with tensors, or two."""
    layer, (one, other) = Conv2d(4, bias=True), names
    net = Architecture()
    stem = net.add("stem", Conv2d(4), net.add("image", Input((3, 8, 8))))
    small = net.add("small", MaxPool2d(3, 1), stem)
    left = net.add(one, layer, stem)
    right = net.add(other, Reuse(one, layer) if again else layer, small)
    net.add("head", Linear(5), net.add("pool", GlobalAvgPool(), net.add("sum", Add(), left, right)))
    return net


def test_tensors_count_once_and_calls_twice():
    shared, apart = network(), network(again=False)
    own = shared.layer("first").parameters(shared.input_shapes("first"))
    assert sum(torch.Size(shape).numel() for shape in own.values()) == 4 * 4 * 9 + 4
    assert shared.parameter_count() == apart.parameter_count() - (4 * 4 * 9 + 4)
    assert shared.flops() == apart.flops()
    assert footprint(shared, Plan()).kept == footprint(apart, Plan()).kept
    assert [name for name in shared.parameters() if name.startswith("second")] == []
    assert shared.owner("second") == shared.owner("first") == "first"
    assert shared.reuses("first") == ("second",) and shared.reuses("second") == ()


def test_one_module_is_called_twice():
    built = build(network())
    assert sorted(dict(built.named_parameters())) == [
        "first.bias", "first.weight", "head.bias", "head.weight", "stem.weight"
    ]  # fmt: skip
    calls = [node.target for node in built.graph.nodes if node.op == "call_module"]
    assert calls.count("first") == 2 and "second" not in calls


def test_it_survives_json_and_copies():
    net = network()
    assert Architecture.from_dict(json.loads(json.dumps(net.to_dict()))) == net
    assert net.copy() == net and net.copy().reuses("first") == ("second",)


def test_the_key_knows_what_is_shared_and_not_whose_it_is():
    assert network().key() != network(again=False).key()
    assert network().key() == network(names=("b.conv", "a.conv")).key()
    turned, layer = network(), Conv2d(4, bias=True)
    turned.replace("second", layer)
    turned.replace("first", Reuse("second", layer))
    turned.validate()
    assert turned.key() == network().key()
    three = {}
    for pair in (("a", "b"), ("b", "c")):  # which two of three in a row
        net = Architecture()
        x = net.add("image", Input((4, 8, 8)))
        for name in "abc":
            x = net.add(name, Reuse(pair[0], Conv2d(4)) if name == pair[1] else Conv2d(4), x)
        net.add("flat", Flatten(), x)
        three[pair] = net.key()
    assert len(set(three.values())) == 2


def test_another_layer_is_another_for_all_calls():
    net = network()
    net.replace("first", Conv2d(4, 5, bias=True))
    assert net.layer("second") == Reuse("first", Conv2d(4, 5, bias=True))
    net.validate()
    net.replace("second", Conv2d(4, 5, bias=True))
    assert net.reuses("first") == () and net.owner("second") == "second"
    net.replace("first", Conv2d(4))
    assert net.layer("second") == Conv2d(4, 5, bias=True)


def test_what_has_tensors_of_others_stays():
    net = network()
    net.rewire("sum", "second")
    with pytest.raises(
        UserError, match=re.escape("node 'first' cannot be removed: 'second' computes with its")
    ):
        net.remove("first")
    with pytest.raises(UserError, match=re.escape("node 'first' cannot be removed: 'second' stays, and")):
        net.prune()
    with pytest.raises(
        UserError, match=re.escape("node 'first' (Conv2d): no path leads from it to the output")
    ):
        net.validate()
    net = network()
    net.rewire("sum", "first")
    net.prune()
    assert "second" not in net and net.reuses("first") == ()
    net.validate()


CASES = {
    "no such node": (
        Reuse("nobody", Conv2d(4)),
        "it computes with the tensors of 'nobody', which is no node",
    ),
    "another layer": (Reuse("first", Conv2d(4)), "expected the layer of 'first', Conv2d(out_channels=4"),
    "other tensors": (Reuse("stem", Conv2d(4)), "expected to need the tensors of 'stem', {'weight': (4, 3,"),
    "no tensors": (Reuse("small", MaxPool2d(3, 1)), "'small' (MaxPool2d) has no tensors to compute with"),
    "itself": (Reuse("second", Conv2d(4)), "'second' has no tensors of its own, but computes with those"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_refused(case):
    layer, message = CASES[case]
    net = network()
    net.replace("second", layer)
    with pytest.raises(UserError, match=re.escape(f"node 'second' (Reuse): {message}")) as caught:
        net.validate()
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError):
        Architecture.from_dict(net.to_dict())


def test_channels_of_both_calls_change_together():
    classes = ChannelClasses(network())
    assert (classes.of("first") == classes.of("second")).all()
    net = Architecture()  # a norm behind two convolutions that nothing else ties
    image = net.add("image", Input((3, 8, 8)))
    for number, name in enumerate(("left", "right")):
        conv = net.add(f"{name}.conv", Conv2d(4), image)
        norm = net.add(f"{name}.bn", Reuse("left.bn", BatchNorm2d()) if number else BatchNorm2d(), conv)
        net.add(f"{name}.relu", ReLU(), norm)
    pools = [net.add(f"{name}.pool", GlobalAvgPool(), f"{name}.relu") for name in ("left", "right")]
    heads = [
        net.add("left.head", Linear(5), pools[0]),
        net.add("right.head", Linear(5), pools[1]),
    ]
    net.add("sum", Add(), *heads)
    classes = ChannelClasses(net)
    assert (classes.of("left.conv") == classes.of("right.conv")).all()


def test_features_in_another_order_are_frozen():
    net = Architecture()
    stem = net.add("stem", Conv2d(4), net.add("image", Input((3, 4, 4))))
    flat = net.add("flat", Flatten(), net.add("small", MaxPool2d(4, 4, padding=0), stem))  # 4 features
    wide = net.add("wide", Conv2d(1, 3, 2), stem)
    other = net.add("other", Flatten(), wide)  # 4 pixels of one channel
    left, right = net.add("left", Linear(6), flat), net.add("right", Reuse("left", Linear(6)), other)
    net.add("head", Linear(5), net.add("sum", Add(), left, right))
    net.validate()
    classes = ChannelClasses(net)
    assert classes.bonds("wide") == ("weights shared by features of another order",)
    assert classes.free("left")
