import random
import re
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    ReLU,
    Shift,
)
from evonas.architecture.origins import ChannelOrigins, aligned
from evonas.errors import UserError
from evonas.network.network import build

ORIGINS = st.lists(st.integers(0, 6), max_size=12).map(lambda found: np.array(found, dtype=np.int64))


def branches(*order: str) -> Architecture:
    """Three convolutions that read the image, concatenated in an order."""
    net = Architecture()
    net.add("image", Input((2, 4, 4)))
    for name in "abc":
        net.add(name, Conv2d(3, 1), "image")
    net.add("join", Concat(), *order)
    return net


def test_convolutions_linear_layers_sums_and_the_input_make_channels():
    net = branches("a", "b")
    net.add("sum", Add(), "a", "b")
    net.add("vector", GlobalAvgPool(), "sum")
    net.add("logits", Linear(4), "vector")
    found = ChannelOrigins().of(net)
    makers = ["image", "a", "b", "c", "sum", "logits"]
    every = np.concatenate([found[name] for name in makers])
    assert len(every) == len(set(every.tolist())) == 2 + 3 * 3 + 3 + 4


def test_a_concatenation_hands_on_what_it_reads_in_order_and_repeated():
    found = ChannelOrigins().of(branches("c", "a", "c"))
    assert found["join"].tolist() == [*found["c"], *found["a"], *found["c"]]


@pytest.mark.parametrize(
    "layer",
    [
        BatchNorm2d(),
        ReLU(),
        Dropout(),
        MaxPool2d(2, 2),
        AvgPool2d(),
        Shift(),
        Conv2d(kernel=3, depthwise=True),
    ],
    ids=lambda layer: layer.label(),
)
def test_other_layers_hand_on_each_channel(layer):
    net = branches("a", "b")
    net.add("layer", layer, "join")
    net.add("mean", GlobalAvgPool(), "layer")
    found = ChannelOrigins().of(net)
    assert found["mean"].tolist() == found["layer"].tolist() == found["join"].tolist()

    # And so they compute: a channel's output follows from that channel alone.
    alone = Architecture()
    alone.add("layer", layer, alone.add("image", Input((3, 6, 6))))
    network = build(alone).eval()
    images = torch.randn(1, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    jacobian = torch.autograd.functional.jacobian(network, images)
    depends = (jacobian != 0)[0, :, :, :, 0].any(-1).any(-1).any(1).any(1)
    assert torch.equal(depends, torch.eye(3, dtype=torch.bool))


def test_flattening_numbers_each_channels_pixels():
    net = branches("b", "a")
    net.add("vector", Flatten(), "join")
    found = ChannelOrigins().of(net)
    assert len(set(found["vector"].tolist())) == 6 * 16
    only = branches("a")
    only.add("vector", Flatten(), "join")
    shared = ChannelOrigins()
    assert shared.of(net)["vector"][48:].tolist() == shared.of(only)["vector"].tolist()


def test_flattened_pixels_are_neither_those_of_another_size_nor_the_channels_mean():
    def vector(layer, height, width):
        net = Architecture()
        net.add("vector", layer, net.add("image", Input((2, height, width))))
        return net

    shared = ChannelOrigins()
    nets = [
        vector(Flatten(), 4, 4),
        vector(Flatten(), 2, 2),
        vector(Flatten(), 2, 8),
        vector(GlobalAvgPool(), 4, 4),
    ]
    every = np.concatenate([shared.of(net)["vector"] for net in nets])
    assert len(set(every.tolist())) == len(every) == 32 + 8 + 32 + 2
    pixel = shared.of(vector(Flatten(), 1, 1))  # one pixel is its own mean
    assert pixel["vector"].tolist() == pixel["image"].tolist()


def test_names_tell_producers_apart_across_architectures():
    shared = ChannelOrigins()
    one, two = shared.of(branches("a", "b")), shared.of(branches("b", "c"))
    assert one["a"].tolist() == two["a"].tolist()
    assert one["join"][3:].tolist() == two["join"][:3].tolist()
    assert not set(one["a"].tolist()) & set(two["join"].tolist())


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_there_is_one_origin_for_each_channel(random_architecture, seed):
    net = random_architecture(random.Random(seed))
    found = ChannelOrigins().of(net)
    assert {name: len(origins) for name, origins in found.items()} == {
        name: shape[0] for name, shape in net.shapes().items()
    }


def test_what_cannot_be_numbered_is_refused():
    net = Architecture()
    net.add("image", Input((2**20 + 1, 1, 1)))
    message = "node 'image': at most 1048576 channels can be told apart, got 1048577"
    with pytest.raises(UserError, match=re.escape(message)):
        ChannelOrigins().of(net)
    net = Architecture()
    net.add("vector", Flatten(), net.add("image", Input((1, 257, 256))))
    with pytest.raises(
        UserError, match="flattening: at most 65536 pixels .* can be told apart, got 65792 pixels"
    ):
        ChannelOrigins().of(net)


@given(ORIGINS, ORIGINS)
def test_alignment_pairs_equal_origins_as_often_as_both_have_them(child, parent):
    here, there = aligned(child, parent)
    assert child[here].tolist() == parent[there].tolist()
    assert len(set(here.tolist())) == len(set(there.tolist())) == len(here)
    assert Counter(child[here].tolist()) == Counter(child.tolist()) & Counter(parent.tolist())
    for origin in set(child[here].tolist()):  # occurrences pair up in their order
        places = there[child[here] == origin].tolist()
        assert places == np.flatnonzero(parent == origin)[: len(places)].tolist()


@given(ORIGINS)
def test_equal_origins_align_one_to_one(origins):
    here, there = aligned(origins, origins)
    assert here.tolist() == there.tolist() == list(range(len(origins)))
