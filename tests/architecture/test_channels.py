"""Which channels hang together, and what follows from copying or dropping some of them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.architecture.architecture import Architecture
from evonas.architecture.channels import ChannelClasses, Copies, _components
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    DropPath,
    Flatten,
    GlobalAvgPool,
    Input,
    Layer,
    Linear,
    MaxPool2d,
    Multiply,
    PadChannels,
    Pixel,
    ReLU,
    Resize,
    Scale,
    Shift,
    TakeChannels,
)
from evonas.errors import NotApplicable, UserError
from evonas.inheritance.carrying import extended, replicated
from evonas.testing.morphisms import randomise


def with_head(net: Architecture, last: str) -> Architecture:
    net.add("logits", Linear(3), net.add("vector", GlobalAvgPool(), last))
    return net


def start(width: int = 4) -> Architecture:
    net = Architecture()
    net.add("conv", Conv2d(width), net.add("image", Input((2, 4, 4))))
    return net


def copies(net: Architecture, node: str, counts: list[int]) -> Copies:
    """So many copies of each of a node's channels."""
    classes = ChannelClasses(net)
    multiplicity = np.ones(classes.count, dtype=np.int64)
    multiplicity[classes.of(node)] = counts
    return Copies(classes, multiplicity)


@given(
    st.integers(1, 30).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))
    )
)
def test_classes_are_connected_components(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = drawn
    graph = nx.Graph(pairs)
    graph.add_nodes_from(range(count))
    smallest = {number: min(part) for part in nx.connected_components(graph) for number in part}
    found = _components(count, [(np.array([a]), np.array([b])) for a, b in pairs])
    assert found.tolist() == [smallest[number] for number in range(count)]


@pytest.mark.parametrize(
    "layer",
    [BatchNorm2d(), ReLU(), MaxPool2d(2, 2), Resize(2), Shift(), Scale(), DropPath(), Conv2d(depthwise=True)],
    ids=repr,
)
def test_layers_that_hand_channels_on(layer: Layer) -> None:
    net = start()
    classes = ChannelClasses(with_head(net, net.add("next", layer, "conv")))
    assert classes.of("next").tolist() == classes.of("conv").tolist() == classes.of("vector").tolist()
    assert len(set(classes.of("conv").tolist())) == 4
    assert classes.free("conv")


def test_what_is_added_or_multiplied_is_tied_position_by_position() -> None:
    for layer in (Add(), Multiply()):
        net = start()
        net.add("other", Conv2d(4, 1), "image")
        net.add("third", Conv2d(4, 1), "conv")
        net.add("sum", layer, "conv", "other")
        classes = ChannelClasses(with_head(net, "sum"))
        assert classes.of("sum").tolist() == classes.of("other").tolist() == classes.of("conv").tolist()
        assert not set(classes.of("third").tolist()) & set(classes.of("conv").tolist())


def test_a_gate_of_one_pixel_is_tied_to_what_it_multiplies() -> None:
    net = start()
    net.add("squeezed", Linear(4), net.add("mean", GlobalAvgPool(), "conv"))
    net.add("gated", Multiply(), "conv", net.add("gate", Pixel(), "squeezed"))
    classes = ChannelClasses(with_head(net, "gated"))
    assert classes.of("squeezed").tolist() == classes.of("conv").tolist()


def test_concatenation_joins_and_slices_take_apart() -> None:
    net = start()
    net.add("other", Conv2d(3, 1), "image")
    net.add("joined", Concat(), "conv", "other", "conv")
    net.add("slice", TakeChannels(3, start=3), "joined")
    net.add("padded", PadChannels(2), "slice")
    classes = ChannelClasses(with_head(net, net.add("all", Concat(), "padded", "joined")))
    conv, other = classes.of("conv").tolist(), classes.of("other").tolist()
    assert classes.of("joined").tolist() == conv + other + conv
    assert classes.of("slice").tolist() == [conv[3], *other[:2]]
    padded = classes.of("padded").tolist()
    assert padded[:3] == [conv[3], *other[:2]]
    assert len({*padded[3:]} - {*conv, *other}) == 2


def test_groups_are_tied_position_by_position() -> None:
    net = start(6)
    net.add("grouped", Conv2d(4, groups=2), "conv")
    classes = ChannelClasses(with_head(net, "grouped"))
    a, b, c, *again = classes.of("conv").tolist()
    assert again == [a, b, c] and len({a, b, c}) == 3
    a, b, *again = classes.of("grouped").tolist()
    assert again == [a, b] and a != b


def test_image_and_logits_are_frozen() -> None:
    net = start(2)
    net.add("sum", Add(), "image", "conv")
    net.add("free", Conv2d(3), "sum")
    classes = ChannelClasses(with_head(net, "free"))
    assert {name: classes.free(name) for name in ("image", "conv", "free", "logits")} == {
        "image": False,
        "conv": False,
        "free": True,
        "logits": False,
    }
    assert classes.bonds("conv") == ("the image's channels",)
    assert classes.bonds("logits") == ("the logits",)
    assert classes.bonds("free") == ()


def test_copies_stand_beside_their_originals() -> None:
    net = start()
    net.add("slice", TakeChannels(2, start=1), "conv")
    net.add("padded", PadChannels(2), "slice")
    change = copies(with_head(net, net.add("next", Conv2d(5), "padded")), "conv", [2, 1, 3, 0])
    assert change.sources("conv").tolist() == [0, 0, 1, 2, 2, 2]
    assert change.sources("slice").tolist() == [0, 1, 1, 1]
    assert change.sources("padded").tolist() == [0, 1, 1, 1, 2, 3]
    assert change.affected() == ["conv", "slice", "padded", "next"]
    assert not change.changed("next")
    child = change.architecture()
    child.validate()
    assert child.layer("conv") == Conv2d(6)
    assert child.layer("slice") == TakeChannels(4, start=2)
    assert child.layer("padded") == PadChannels(2)


def test_the_pixels_of_a_flattened_channel_are_copied_together() -> None:
    net = Architecture()
    net.add("conv", Conv2d(2, 1), net.add("image", Input((1, 1, 2))))
    net.add("flat", Flatten(), "conv")
    net.add("mean", GlobalAvgPool(), "conv")
    net.add("joined", Concat(), "mean", "flat")
    net.add("logits", Linear(3), "joined")
    change = copies(net, "conv", [1, 2])
    assert change.sources("flat").tolist() == [0, 1, 2, 3, 2, 3]
    assert change.sources("joined").tolist() == [0, 1, 1, 2, 3, 4, 5, 4, 5]


def test_sums_of_a_flattened_image_and_other_features_stay() -> None:
    net = start(2)
    net.add("flat", Flatten(), "conv")
    net.add("dense", Linear(32), net.add("mean", GlobalAvgPool(), "conv"))
    net.add("logits", Linear(3), net.add("sum", Add(), "flat", "dense"))
    classes = ChannelClasses(net)
    assert not classes.free("conv") and not classes.free("dense")
    with pytest.raises(NotApplicable, match="to a sum of flattened channels with features of another order"):
        classes.changeable("dense")


def test_sums_of_two_flattened_images_do_not() -> None:
    net = start(2)
    net.add("other", Conv2d(2, 1), "image")
    net.add("sum", Add(), net.add("flat", Flatten(), "conv"), net.add("flat2", Flatten(), "other"))
    net.add("logits", Linear(3), "sum")
    classes = ChannelClasses(net)
    assert classes.free("conv")
    assert classes.of("conv").tolist() == classes.of("other").tolist()


def test_nothing_that_does_not_change_is_touched() -> None:
    net = start()
    net.add("bn", BatchNorm2d(), "conv")
    net.add("next", Conv2d(5, bias=True), "bn")
    net = with_head(net, "next")
    weights = randomise(net, 0)
    for carry in (replicated, extended):
        carried = carry(copies(net, "conv", [2, 1, 1, 1]), weights, 0)
        same = {name for name in weights if carried[name] is weights[name]}
        assert same == {"next.bias", "logits.weight", "logits.bias"}


def test_weights_of_copies_sum_to_what_they_were() -> None:
    net = start()
    net = with_head(net, net.add("next", Conv2d(5), "conv"))
    weights = randomise(net, 0)
    change = copies(net, "conv", [3, 1, 2, 1])
    carried = replicated(change, weights, 7)
    new, old = carried["next.weight"], weights["next.weight"]
    source = torch.from_numpy(change.sources("conv"))
    assert torch.allclose(torch.zeros_like(old).index_add_(1, source, new), old, rtol=1e-15, atol=0)
    shares = new / old[:, source]
    assert shares.min() > 0
    assert torch.equal(shares[:, [3, 6]], torch.ones(5, 2, 3, 3, dtype=torch.float64))
    assert torch.allclose(shares, shares[:, :, :1, :1])  # one share a filter, not a pixel
    drawn = shares[:, [0, 1, 4], 0, 0]  # one number of each that the others leave free
    assert len(set(drawn.flatten().tolist())) == drawn.numel()
    assert torch.equal(carried["conv.weight"], weights["conv.weight"][source])
    assert not torch.equal(replicated(change, weights, 8)["next.weight"], new)
    equal = replicated(change, weights, 7, equal=True)["next.weight"] / old[:, source]
    assert torch.allclose(equal[0, :, 0, 0], torch.tensor([1 / 3] * 3 + [1] + [1 / 2] * 2 + [1]).double())


def test_a_missing_tensor_is_named() -> None:
    net = with_head(start(), "conv")
    weights = randomise(net, 0)
    del weights["conv.weight"]
    with pytest.raises(UserError, match=r"expected all tensors of the architecture, got no 'conv\.weight'"):
        replicated(copies(net, "conv", [2, 1, 1, 1]), weights, 0)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layer, "kinds", dict(Layer.kinds))


def test_a_kind_that_does_not_say_how_its_width_follows_is_left_alone(kinds: None) -> None:
    @dataclass(frozen=True)
    class Shuffle(Layer):
        @property
        def flow(self):
            return "fresh"

    net = start()
    classes = ChannelClasses(with_head(net, net.add("shuffled", Shuffle(), "conv")))
    with pytest.raises(NotApplicable, match=r"\(Conv2d\): all its channels are tied to a Shuffle, which"):
        classes.changeable("conv")


def test_a_kind_that_does_not_say_how_its_tensors_follow_is_refused(kinds: None) -> None:
    @dataclass(frozen=True)
    class Gain(Layer):
        def parameters(self, inputs):
            return {"gain": (inputs[0][0],)}

    net = start()
    net = with_head(net, net.add("gained", Gain(), "conv"))
    weights = {name: torch.ones(shape) for name, shape in net.parameters().items()}
    with pytest.raises(NotApplicable, match=r"\(Gain\): does not say how its 'gain' goes by channels"):
        replicated(copies(net, "conv", [2, 1, 1, 1]), weights, 0)


def test_a_kind_that_says_so_follows(kinds: None) -> None:
    @dataclass(frozen=True)
    class Gain(Layer):
        def parameters(self, inputs):
            return {"gain": (inputs[0][0],)}

        def input_axis(self, tensor):
            return 0

    net = start()
    net = with_head(net, net.add("gained", Gain(), "conv"))
    weights = {
        name: torch.arange(shape[0]).float().reshape(-1, *[1] * (len(shape) - 1)).expand(shape)
        for name, shape in net.parameters().items()
    }
    carried = replicated(copies(net, "conv", [2, 1, 0, 1]), weights, 0)
    assert carried["gained.gain"].tolist() == [0, 0, 1, 3]


def test_every_map_is_consistent_on_random_networks(
    random_architecture: Callable[[random.Random], Architecture],
) -> None:
    for seed in range(150):
        rng = random.Random(seed)
        net = random_architecture(rng)
        classes = ChannelClasses(net)
        multiplicity = np.array([rng.choice([1, 1, 2, 3]) for _ in range(classes.count)])
        multiplicity[classes.frozen] = 1
        change = Copies(classes, multiplicity)
        child = change.architecture()
        child.validate()
        assert child.shape(child.output) == net.shape(net.output)
        for name in net:
            assert child.shape(name)[0] == len(change.sources(name)) == change.of(name).sum()
            inputs = [change.sources(source) for source in net.inputs(name)]
            if net.layer(name).flow == "joined":
                begins = np.cumsum([0, *(net.shape(source)[0] for source in net.inputs(name))])
                wanted = np.concatenate([begin + one for begin, one in zip(begins, inputs, strict=False)])
                assert change.sources(name).tolist() == wanted.tolist()
            elif net.layer(name).flow in ("through", "summed"):
                assert all(change.sources(name).tolist() == one.tolist() for one in inputs)
