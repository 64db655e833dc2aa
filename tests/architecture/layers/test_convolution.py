import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from evonas.architecture.layers import Conv2d, ShapeError
from evonas.errors import UserError

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def convolutions(draw):
    """A convolution and the shape of an image whose channels it can read."""
    groups = draw(st.integers(1, 3))
    depthwise = draw(st.booleans()) and groups == 1
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    odd = all(k % 2 for k in kernel)
    layer = Conv2d(
        None if depthwise else groups * draw(st.integers(1, 4)),
        kernel,
        draw(PAIRS),
        padding=draw(st.none() if odd else st.nothing()) if odd and draw(st.booleans()) else draw(PAIRS),
        dilation=draw(PAIRS),
        groups=groups,
        depthwise=depthwise,
        bias=draw(st.booleans()),
    )
    return layer, (groups * draw(st.integers(1, 3)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))


@given(convolutions())
def test_shapes_tensors_and_cost_are_those_of_torch(check_against_torch, drawn):
    layer, shape = drawn
    try:
        layer.shape([shape])
    except ShapeError:
        out = layer.out_channels or shape[0]
        groups = shape[0] if layer.depthwise else layer.groups
        same = nn.Conv2d(
            shape[0], out, layer.kernel, layer.stride, layer.pads, layer.dilation, groups, bias=layer.bias
        )
        with pytest.raises(RuntimeError, match=r"[Kk]ernel size"):
            same(torch.zeros(1, *shape))
    else:
        check_against_torch(layer, shape)


@given(st.sampled_from([1, 3, 5, 7, (1, 7), (7, 1), (3, 5)]), st.integers(1, 3), st.integers(1, 12))
def test_without_padding_given_stride_1_keeps_the_size(kernel, dilation, size):
    assert Conv2d(4, kernel, dilation=dilation).shape([(2, size, size + 1)]) == (4, size, size + 1)
    assert Conv2d(4, kernel, 2).shape([(2, size, size)]) == (4, (size + 1) // 2, (size + 1) // 2)


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        (Conv2d(6, (3, 5), (2, 1)), {"stride": (2, 1), "padding": (1, 2)}),
        (Conv2d(6, 3, dilation=2), {"dilation": 2, "padding": 2}),
        (Conv2d(6, 3, groups=2), {"groups": 2, "padding": 1}),
        (Conv2d(6, 2, padding=(0, 1)), {"padding": (0, 1)}),
        (Conv2d(kernel=5, depthwise=True), {"groups": 4, "padding": 2}),
        (Conv2d(6, 1, bias=True), {}),
    ],
    ids=lambda value: value.label() if isinstance(value, Conv2d) else "",
)
def test_it_computes_a_convolution(compute, layer, options):
    tensors = {name: torch.randn(shape) for name, shape in layer.parameters([(4, 7, 7)]).items()}
    image = torch.randn(2, 4, 7, 7)
    expected = F.conv2d(image, tensors["weight"], tensors.get("bias"), **options)
    torch.testing.assert_close(compute(layer, image, **tensors), expected)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"out_channels": 0}, "Conv2d out_channels: expected whole numbers of at least 1, got 0"),
        (
            {"out_channels": 2, "kernel": (3, 0)},
            "Conv2d kernel: expected whole numbers of at least 1, got (3, 0)",
        ),
        ({"out_channels": 2, "kernel": (3, 3, 3)}, "Conv2d kernel: expected whole numbers of at least 1"),
        ({"out_channels": 2, "stride": 0}, "Conv2d stride: expected whole numbers of at least 1, got (0, 0)"),
        (
            {"out_channels": 2, "dilation": 1.5},
            "Conv2d dilation: expected whole numbers of at least 1, got 1.5",
        ),
        ({"out_channels": 2, "groups": -1}, "Conv2d groups: expected whole numbers of at least 1, got -1"),
        (
            {"out_channels": 2, "kernel": 4},
            "Conv2d kernel: an even one needs an explicit padding, got (4, 4)",
        ),
        ({"out_channels": 2, "padding": -1}, "Conv2d padding: expected whole numbers of at least 0, got -1"),
        ({"out_channels": 2, "padding": (1, 1, 1)}, "Conv2d padding: expected whole numbers of at least 0"),
        (
            {"out_channels": 2, "padding": "same"},
            "Conv2d padding: expected whole numbers of at least 0, got 'same'",
        ),
        ({}, "Conv2d out_channels: expected None exactly where depthwise, got None"),
        (
            {"out_channels": 2, "depthwise": True},
            "Conv2d out_channels: expected None exactly where depthwise, got 2",
        ),
        (
            {"depthwise": True, "groups": 2},
            "Conv2d groups: expected 1 where depthwise, which is grouped anyway, got 2",
        ),
    ],
)
def test_impossible_choices_are_refused(choices, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Conv2d(**choices)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Conv2d(4, 3, groups=2), (3, 8, 8), "Conv2d expected channels that 2 groups divide, got 3 -> 4"),
        (Conv2d(3, 3, groups=2), (4, 8, 8), "Conv2d expected channels that 2 groups divide, got 4 -> 3"),
        (
            Conv2d(4, 5, padding=0),
            (4, 4, 8),
            "Conv2d expected an image of at least its window (5, 5), got (4, 8)",
        ),
        (Conv2d(4), (12,), "Conv2d expected (channels, height, width), got (12,)"),
    ],
)
def test_what_it_cannot_read_is_refused(layer, shape, message):
    with pytest.raises(ShapeError, match=re.escape(message)):
        layer.shape([shape])


def test_labels_name_what_is_not_the_default():
    assert Conv2d(8, 1).label() == "conv 1×1 → 8"
    assert (
        Conv2d(kernel=5, stride=2, dilation=2, depthwise=True).label() == "depthwise 5×5 stride 2 dilation 2"
    )
    assert Conv2d(8, groups=2).label() == "conv 3×3 → 8 groups 2"


def test_equal_choices_make_equal_layers():
    assert Conv2d(8, 3) == Conv2d(8, (3, 3)) != Conv2d(8, (3, 3), padding=1)
