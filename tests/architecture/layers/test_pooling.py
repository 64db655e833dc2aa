import math
import re

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from evonas.architecture.layers import AvgPool2d, GlobalAvgPool, MaxPool2d, MinPool2d, ShapeError, Shift
from evonas.errors import UserError

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))
COMBINE = {MaxPool2d: torch.amax, MinPool2d: torch.amin, AvgPool2d: torch.mean}
PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 4))


@st.composite
def pools(draw):
    kernel, stride, kind = draw(PAIRS), draw(PAIRS), draw(st.sampled_from(list(COMBINE)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    return kind(kernel, stride, None if draw(st.booleans()) else padding)


def by_hand(layer, image):
    """Pooling pixel by pixel; what lies outside the image does not count."""
    (top, left), _ = layer.pads
    height, width = image.shape[1:]
    _, rows, columns = layer.shape([tuple(image.shape)])
    combine = COMBINE[type(layer)]
    found = torch.empty(len(image), rows, columns)
    for row in range(rows):
        for column in range(columns):
            down, across = row * layer.stride[0] - top, column * layer.stride[1] - left
            window = image[
                :,
                max(down, 0) : min(down + layer.kernel[0], height),
                max(across, 0) : min(across + layer.kernel[1], width),
            ]
            found[:, row, column] = combine(window, (1, 2))
    return found


@given(pools(), SIZES)
def test_pooling_is_what_it_is_by_hand(check_against_torch, compute, layer, shape):
    try:
        layer.shape([shape])
    except ShapeError:
        assume(False)
    check_against_torch(layer, shape)
    image = torch.randn(1, *shape) - 2 * sign(type(layer))
    torch.testing.assert_close(compute(layer, image)[0], by_hand(layer, image[0]))


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_without_padding_given_a_stride_divides_the_size_and_rounds_up(kernel, size):
    for stride in (1, 2, 3):
        rounded = math.ceil(size / stride)
        for kind in COMBINE:
            assert kind(kernel, stride).shape([(4, size, size)]) == (4, rounded, rounded)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_an_even_window_works_in_other_precisions(compute, dtype):
    image = -torch.rand(1, 2, 5, 5, dtype=dtype)
    for kind in COMBINE:
        assert torch.equal(compute(kind(2), sign(kind) * image)[..., -1, -1], sign(kind) * image[..., -1, -1])


def sign(kind):
    """A padding with zeros would win over negative numbers, and for the minimum over positive ones."""
    return -1 if kind is MinPool2d else 1


@given(SIZES)
def test_the_global_mean(check_against_torch, compute, shape):
    check_against_torch(GlobalAvgPool(), shape)
    image = torch.randn(2, *shape)
    torch.testing.assert_close(compute(GlobalAvgPool(), image), image.flatten(2).mean(2))


@given(SIZES)
def test_the_shift_moves_by_one_pixel(check_against_torch, compute, shape):
    check_against_torch(Shift(), shape)
    image = torch.randn(2, *shape)
    shifted = compute(Shift(), image)
    assert torch.equal(shifted[..., :-1, :-1], image[..., 1:, 1:])
    assert not shifted[..., -1, :].any()
    assert not shifted[..., -1].any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MaxPool2d(0), "MaxPool2d kernel: expected whole numbers of at least 1, got (0, 0)"),
        (lambda: AvgPool2d(3, (1, 0)), "AvgPool2d stride: expected whole numbers of at least 1, got (1, 0)"),
        (lambda: MaxPool2d(3, padding=2), "MaxPool2d padding: expected 0 to half the window, got (2, 2)"),
        (lambda: MaxPool2d(3, padding=-1), "MaxPool2d padding: expected whole numbers of at least 0, got -1"),
        (
            lambda: MaxPool2d(3, padding=(1, 1, 1)),
            "MaxPool2d padding: expected whole numbers of at least 0, got (1, 1, 1)",
        ),
        (
            lambda: MaxPool2d(3, padding="same"),
            "MaxPool2d padding: expected whole numbers of at least 0, got 'same'",
        ),
    ],
)
def test_impossible_choices_are_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()


def test_what_it_cannot_read_is_refused():
    message = re.escape("MaxPool2d expected an image of at least its window (3, 3), got (2, 5)")
    with pytest.raises(ShapeError, match=message):
        MaxPool2d(3, padding=0).shape([(1, 2, 5)])
    for layer in (MaxPool2d(), GlobalAvgPool(), Shift()):
        with pytest.raises(
            ShapeError, match=rf"{layer.kind} expected \(channels, height, width\), got \(7,\)"
        ):
            layer.shape([(7,)])


def test_labels():
    assert MaxPool2d(2, 2).label() == "max 2×2 stride 2"
    assert AvgPool2d((1, 3)).label() == "avg 1×3"
    assert MinPool2d(2).label() == "min 2×2"
