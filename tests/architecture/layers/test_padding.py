"""Frames around images."""

import re

import pytest
import torch

from evonas.architecture.layers import ConstantPad, Pad, PadChannels
from evonas.errors import UserError


@pytest.mark.parametrize(
    "sides", [(1, 1, 1, 1), (0, 1, 0, 1), (-1, 1, -1, 1), (2, 0, -3, 4), (-2, -1, 0, -3)], ids=str
)
def test_sides_enter_or_go(sides, check_against_torch, compute):
    check_against_torch(Pad(sides), (3, 5, 6))
    image = torch.arange(1.0, 31).reshape(1, 1, 5, 6)
    left, right, top, bottom = sides
    canvas = torch.zeros(1, 1, 15, 16)
    canvas[:, :, 5:10, 5:11] = image
    assert torch.equal(compute(Pad(sides), image), canvas[:, :, 5 - top : 10 + bottom, 5 - left : 11 + right])


def test_a_number_enters(check_against_torch, compute):
    check_against_torch(ConstantPad((1, 0, 0, 2), -2.5), (2, 4, 4))
    padded = compute(ConstantPad((1, 0, 0, 0), -2.5), torch.zeros(1, 1, 2, 2))
    assert padded.tolist() == [[[[-2.5, 0, 0], [-2.5, 0, 0]]]]


def test_channels_of_zeros_in_front_and_behind(check_against_torch, compute):
    check_against_torch(PadChannels(2, before=1), (3, 4, 4))
    padded = compute(PadChannels(0, before=2), torch.ones(1, 1, 1, 1))
    assert padded.reshape(-1).tolist() == [0, 0, 1]


def test_labels():
    assert Pad((1, 1, 1, 1)).label() == "pad 1"
    assert Pad((-1, -1, -1, -1)).label() == "crop 1"
    assert ConstantPad((0, 1, 0, 1), 2.0).label() == "pad 0,1 / 0,1 with 2"
    assert PadChannels(2, 1).label() == "pad 1 + 2"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pad((1, 1)), "Pad sides: expected four whole numbers (left, right, top, bottom), got"),
        (lambda: Pad((1, 1, 0.5, 0)), "Pad sides: expected four whole numbers"),
        (lambda: ConstantPad((0, 0, 0, 0), float("-inf")), "ConstantPad value: expected a finite number"),
        (lambda: PadChannels(0), "PadChannels extra: expected whole numbers of at least 1, got 0"),
        (lambda: Pad((-2, -3, 0, 0)).shape([(1, 5, 5)]), "Pad expected an image of which sides of (-2, -3,"),
        (lambda: Pad((-6, 8, 0, 0)).shape([(1, 5, 5)]), "leave something, got (5, 5)"),
        (lambda: Pad((1, 1, 1, 1)).shape([(5,)]), "Pad expected (channels, height, width), got (5,)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()
