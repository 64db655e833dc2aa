import gc
import json
import linecache
import os
import random
import re
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.fx import GraphModule, graph_module

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Add, BatchNorm2d, Conv2d, Flatten, GlobalAvgPool, Input, Linear, ReLU
from evonas.errors import UserError
from evonas.network.network import build, input_shape, weights_of


def small(*extra: str, filters: int = 4) -> Architecture:
    """A stem, more 1×1 convolutions where names are given, a head."""
    net = Architecture()
    last = net.add("image", Input((2, 4, 4)))
    last = net.add("stem.conv", Conv2d(filters, bias=True), last)
    last = net.add("stem.bn", BatchNorm2d(), last)
    for name in extra:
        last = net.add(name, Conv2d(filters, 1), last)
    net.add("vector", GlobalAvgPool(), last)
    net.add("head", Linear(3), "vector")
    return net


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


# -- initial weights ----------------------------------------------------------------------------


def test_a_node_starts_alike_whatever_else_changes():
    plain, longer = build(small(), 7), build(small("a.conv", "zzz"), 7)
    mine, other = plain.state_dict(), longer.state_dict()
    assert set(mine) < set(other)
    for name, tensor in mine.items():
        assert torch.equal(tensor, other[name]), name


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_initial_weights_depend_on_seed_and_name_alone(random_architecture, seed):
    net = random_architecture(random.Random(seed))
    torch.manual_seed(seed)
    first = build(net, 3).state_dict()
    torch.manual_seed(seed + 1)
    again = build(Architecture.from_dict(net.to_dict()), 3).state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())


def test_seeds_and_names_give_different_weights():
    def weight(seed, name):
        return build(small(name), seed).state_dict()[f"{name}.weight"]

    tensors = [weight(0, "a"), weight(1, "a"), weight(0, "b"), weight(2**63, "a"), weight(0, "a.conv")]
    for number, one in enumerate(tensors):
        assert all(not torch.equal(one, other) for other in tensors[number + 1 :])


def test_initial_weights_have_the_scale_that_is_said():
    net = Architecture()
    net.add("conv", Conv2d(64, 3, bias=True), net.add("image", Input((128, 8, 8))))
    net.add("thin", Conv2d(kernel=5, depthwise=True), "conv")
    net.add("vector", Flatten(), "thin")
    net.add("head", Linear(10), "vector")
    state = build(net).state_dict()
    for name, deviation in (
        ("conv", (2 / (64 * 9)) ** 0.5),
        ("thin", (2 / (64 * 25)) ** 0.5),
        ("head", 1 / 64),
    ):
        weight = state[f"{name}.weight"]
        assert abs(weight.std().item() / deviation - 1) < 0.1
        assert abs(weight.mean().item()) < deviation / 10
    assert not state["conv.bias"].any()
    assert not state["head.bias"].any()


def global_states() -> list[object]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - what must not change
    return [random.getstate(), torch.get_rng_state().tolist(), kind, keys.tolist(), rest]


def test_building_draws_nothing_from_global_generators():
    before = global_states()
    network = build(small("a", "b"), 5, {"a.weight": torch.zeros(4, 4, 1, 1)})
    weights_of(network)
    assert global_states() == before


# -- given weights ------------------------------------------------------------------------------


def test_given_weights_replace_initial_ones_and_others_stay():
    given_ = {"head.weight": torch.ones(3, 4), "stem.bn.running_mean": torch.full((4,), 2.0)}
    state, fresh = build(small(), 1, given_).state_dict(), build(small(), 1).state_dict()
    for name, tensor in state.items():
        assert torch.equal(tensor, given_.get(name, fresh[name])), name


def test_all_weights_of_one_network_make_it_again(random_architecture, rng, build_random):
    for _ in range(5):
        net = random_architecture(rng)
        network = build_random(net)
        again = build(net, 99, weights_of(network)).eval()
        images = torch.randn(2, 2, 8, 8)
        assert torch.equal(again(images), network(images))


def test_weights_are_copied_and_never_shared():
    network = build(small("a"))
    taken = weights_of(network)
    other = build(small("a"), weights=taken)
    addresses = [tensor.data_ptr() for net in (network, other) for tensor in net.state_dict().values()]
    addresses += [tensor.data_ptr() for tensor in taken.values()]
    assert len(set(addresses)) == len(addresses)
    before = {name: tensor.clone() for name, tensor in taken.items()}
    with torch.no_grad():
        for net in (network, other):
            for tensor in net.state_dict().values():
                tensor.add_(1)
    assert all(torch.equal(taken[name], tensor) for name, tensor in before.items())


def test_weights_are_taken_detached_in_plain_layout():
    network = build(small()).to(memory_format=torch.channels_last)
    taken = weights_of(network)
    assert set(taken) == set(network.state_dict())
    assert not network.state_dict()["stem.conv.weight"].is_contiguous()
    assert all(tensor.is_contiguous() and not tensor.requires_grad for tensor in taken.values())


def test_weights_of_another_precision_are_converted():
    exact = {"head.weight": torch.rand(3, 4, dtype=torch.float64)}
    assert torch.equal(
        build(small(), weights=exact).state_dict()["head.weight"], exact["head.weight"].float()
    )


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("head.weight", (3, 5), "weights: head.weight expected (3, 4), got (3, 5)"),
        ("stem.bn.running_mean", (1,), "weights: stem.bn.running_mean expected (4,), got (1,)"),
        ("head.scale", (3,), "weights: head.scale expected no such tensor, got (3,)"),
        (
            "stem.bn.num_batches_tracked",
            (),
            "weights: stem.bn.num_batches_tracked expected no such tensor, got ()",
        ),
        ("vector.weight", (3,), "weights: vector.weight: GlobalAvgPool has no tensors"),
        ("image.weight", (3,), "weights: image.weight: Input has no tensors"),
        ("tail.weight", (3,), "weights: 'tail.weight' belongs to no node of the architecture"),
        ("stem.weight", (3,), "weights: 'stem.weight' belongs to no node of the architecture"),
        ("weight", (3,), "weights: 'weight' belongs to no node of the architecture"),
    ],
)
def test_weights_that_fit_nowhere_are_refused(name, shape, message):
    with refused(message):
        build(small(), weights={name: torch.zeros(shape)})


def test_an_invalid_architecture_is_not_built():
    net = small()
    net.add("dead", ReLU(), "stem.bn")
    net.output = "head"
    with refused("node 'dead' (ReLU): no path leads from it to the output"):
        build(net)


# -- the module ---------------------------------------------------------------------------------


def test_the_code_is_a_straight_line_in_the_nodes_names():
    net = small("block.conv")
    net.add("twice", Add(), "head", "head")
    lines = [line.split(";")[0].strip() for line in build(net).code.splitlines() if "=" in line]
    assert lines == [
        "stem_conv = self.stem.conv(image)",
        "stem_bn = self.stem.bn(stem_conv)",
        "block_conv = self.block.conv(stem_bn)",
        "vector = torch.mean(block_conv, (2, 3))",
        "head = self.head(vector)",
        "add = head + head",
    ]


def test_a_network_trains_and_saves_like_any_module(tmp_path):
    network = build(small("a"))
    network(torch.randn(8, 2, 4, 4)).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    other = build(small("a"), 9)
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    images = torch.randn(2, 2, 4, 4)
    assert torch.equal(other.eval()(images), network.eval()(images))


def test_the_input_shape_is_that_of_the_input_node():
    assert input_shape(small()) == (2, 4, 4)


@pytest.mark.gpu
def test_weights_come_back_from_a_gpu_as_they_were():
    network = build(small("a"))
    before = weights_of(network)
    images = torch.randn(2, 2, 4, 4)
    expected = network.eval()(images)
    network.to("cuda", memory_format=torch.channels_last)
    torch.testing.assert_close(network(images.cuda()).cpu(), expected, rtol=1e-2, atol=1e-2)
    after = weights_of(network)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(tensor.device.type == "cpu" and tensor.is_contiguous() for tensor in after.values())


# -- memory -------------------------------------------------------------------------------------


def test_the_source_of_a_network_goes_with_it():
    gc.collect()
    before = set(graph_module._loader.eval_cache)
    network = build(small())
    (source,) = set(graph_module._loader.eval_cache) - before
    assert source in linecache.cache
    classes = len(GraphModule.__subclasses__())
    del network
    gc.collect()
    assert set(graph_module._loader.eval_cache) == before
    assert source not in linecache.cache
    assert len(GraphModule.__subclasses__()) < classes


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to read a process's memory")
@pytest.mark.parametrize(
    ("networks", "warm"), [(80, 30), pytest.param(2000, 200, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.timeout(1800)
def test_memory_stays_flat_over_many_networks(networks, warm):
    script = Path(__file__).with_name("drop_many_networks.py")
    ended = subprocess.run(
        [sys.executable, script, str(networks), str(warm)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    after_warming, at_the_end = map(json.loads, ended.stdout.splitlines())
    assert at_the_end["megabytes"] - after_warming["megabytes"] < 15
    for what in ("sources", "lines", "classes"):
        assert at_the_end[what] <= after_warming[what] <= 5


def test_consumed_weights_are_gone_as_they_are_copied(random_architecture):
    net = random_architecture(random.Random(4))
    weights = weights_of(build(net, 1))
    expected = {name: tensor.clone() for name, tensor in weights.items()}
    gone = [weakref.ref(tensor) for tensor in weights.values()]
    network = build(net, 2, weights, consume=True)
    assert weights == {}
    assert gone and not any(reference() is not None for reference in gone)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in weights_of(network).items())
