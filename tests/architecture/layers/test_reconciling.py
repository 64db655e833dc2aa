import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    Conv2d,
    GlobalAvgPool,
    Input,
    Layer,
    Linear,
    PadChannels,
    Resize,
    ShapeError,
    TakeChannels,
)
from evonas.errors import UserError
from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of

SIZES = st.integers(1, 9)
SHAPES = st.tuples(SIZES, SIZES, SIZES)


@given(SHAPES, st.tuples(SIZES, SIZES), st.integers(1, 4))
def test_shapes_and_cost_are_those_of_torch(check_against_torch, shape, size, extra):
    check_against_torch(Resize(size), shape)
    check_against_torch(PadChannels(extra), shape)
    check_against_torch(TakeChannels(max(1, shape[0] - extra)), shape)


@given(SHAPES, st.tuples(SIZES, SIZES))
def test_a_resized_image_has_the_nearest_neighbours(compute, shape, size):
    channels, height, width = shape
    image = torch.arange(channels * height * width, dtype=torch.float32).reshape(1, *shape)
    rows = [row * height // size[0] for row in range(size[0])]
    columns = [column * width // size[1] for column in range(size[1])]
    assert torch.equal(compute(Resize(size), image), image[:, :, rows][:, :, :, columns])


def test_channels_are_taken_from_the_front_and_zeros_come_after(compute):
    image = torch.arange(1.0, 13.0).reshape(1, 3, 2, 2)
    assert torch.equal(compute(TakeChannels(2), image), image[:, :2])
    assert torch.equal(compute(TakeChannels(3), image), image)
    assert torch.equal(compute(TakeChannels(2, start=1), image), image[:, 1:])
    padded = compute(PadChannels(2), image)
    assert torch.equal(padded[:, :3], image)
    assert torch.equal(padded[:, 3:], torch.zeros(1, 2, 2, 2))


@pytest.mark.parametrize(
    ("layer", "data", "label"),
    [
        (Resize(4), {"kind": "Resize", "size": [4, 4]}, "resize 4×4"),
        (Resize((4, 3)), {"kind": "Resize", "size": [4, 3]}, "resize 4×3"),
        (TakeChannels(7), {"kind": "TakeChannels", "channels": 7}, "first 7"),
        (
            TakeChannels(7, start=2),
            {"kind": "TakeChannels", "channels": 7, "start": 2},
            "channels 2 to 8",
        ),
        (PadChannels(7), {"kind": "PadChannels", "extra": 7}, "pad + 7"),
    ],
)
def test_data_and_back(layer, data, label):
    assert layer.to_dict() == data
    assert Layer.from_dict(data) == layer
    assert layer.label() == label


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Resize((0, 4)), "Resize size: expected whole numbers of at least 1, got (0, 4)"),
        (lambda: TakeChannels(0), "TakeChannels channels: expected whole numbers of at least 1, got 0"),
        (
            lambda: TakeChannels(1, start=-1),
            "TakeChannels start: expected whole numbers of at least 0, got -1",
        ),
        (lambda: PadChannels(1.5), "PadChannels extra: expected whole numbers of at least 1, got 1.5"),
    ],
)
def test_impossible_choices_are_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()


@pytest.mark.parametrize("layer", [Resize(2), TakeChannels(1), PadChannels(1)])
def test_images_alone_are_read(layer):
    message = f"{layer.kind} expected (channels, height, width), got (7,)"
    with pytest.raises(ShapeError, match=re.escape(message)):
        layer.shape([(7,)])


def test_too_few_channels_are_refused():
    message = "TakeChannels expected at least 4 channels, got 3"
    with pytest.raises(ShapeError, match=re.escape(message)):
        TakeChannels(4).shape([(3, 2, 2)])
    with pytest.raises(ShapeError, match=re.escape(message)):
        TakeChannels(2, start=2).shape([(3, 2, 2)])


def with_skip(width: int) -> Architecture:
    """A convolution of some width, reconciled with the sum of four channels that a classifier reads."""
    net = Architecture()
    net.add("image", Input((2, 8, 8)))
    net.add("wide", Conv2d(width, 1), "image")
    net.add("main", Conv2d(4, 3, 2), "image")
    end = net.add("fit", TakeChannels(4) if width > 4 else PadChannels(4 - width), "wide")
    end = net.add("resized", Resize(4), end)
    net.add("sum", Add(), "main", end)
    net.add("pool", GlobalAvgPool(), "sum")
    net.add("classifier", Linear(3), "pool")
    return net


@pytest.mark.parametrize(("before", "after"), [(6, 5), (6, 2), (3, 6), (3, 2)])
def test_readers_of_reconciled_channels_keep_their_weights(before, after):
    parent, child = with_skip(before), with_skip(after)
    weights = weights_of(build(parent, 1))
    network = build(child, 2)
    inherit(network, child, parent, weights)
    found = weights_of(network)
    for name in ("main.weight", "classifier.weight", "classifier.bias"):
        assert torch.equal(found[name], weights[name])
