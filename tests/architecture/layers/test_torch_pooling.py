import re

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from evonas.architecture.layers import AdaptiveAvgPool2d, CeilMaxPool2d, PaddedAvgPool2d, ShapeError
from evonas.drawing.palette import Kind, kind_of

SIDES = st.integers(3, 9)


@given(SIDES, SIDES, st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_an_adaptive_mean_is_that_of_torch(compute, check_against_torch, height, width, size):
    check_against_torch(AdaptiveAvgPool2d(size), (2, height, width))
    image = torch.rand(2, 2, height, width)
    assert torch.equal(compute(AdaptiveAvgPool2d(size), image), F.adaptive_avg_pool2d(image, size))


@given(SIDES, SIDES, st.integers(2, 3), st.integers(1, 4), st.integers(0, 1))
def test_a_maximum_in_cut_windows_is_that_of_torch(compute, height, width, kernel, stride, padding):
    image = torch.rand(2, 2, height, width) - 2  # padding by zeros would win
    layer = CeilMaxPool2d(kernel, stride, padding)
    given = compute(layer, image)
    assert torch.equal(given, F.max_pool2d(image, kernel, stride, padding, ceil_mode=True))
    assert layer.shape([(2, height, width)]) == given.shape[1:]


@given(SIDES, SIDES, st.integers(2, 3), st.integers(1, 2), st.integers(0, 1))
def test_a_mean_with_zeros_counted_is_that_of_torch(
    compute, check_against_torch, height, width, kernel, stride, padding
):
    image = torch.rand(2, 2, height, width)
    given = compute(PaddedAvgPool2d(kernel, stride, padding), image)
    assert torch.equal(given, F.avg_pool2d(image, kernel, stride, padding))
    check_against_torch(PaddedAvgPool2d(kernel, stride), (2, height, width))


def test_windows_that_do_not_fit_are_refused():
    with pytest.raises(
        ShapeError, match=re.escape("expected an image of at least its window (5, 5), got (3, 4)")
    ):
        CeilMaxPool2d(5, padding=0).shape([(2, 3, 4)])
    with pytest.raises(ShapeError, match="CeilMaxPool2d kernel: an even one needs an explicit padding"):
        CeilMaxPool2d(2).shape([(2, 3, 4)])


def test_labels_and_colours():
    layers = [AdaptiveAvgPool2d(7), CeilMaxPool2d(3, 2), PaddedAvgPool2d(3)]
    assert [layer.label() for layer in layers] == ["avg to 7×7", "max 3×3 stride 2", "avg 3×3"]
    assert {kind_of(layer) for layer in layers} == {Kind.POOLING}
