"""Transposed convolution."""

import re

import pytest
import torch
import torch.nn.functional as F

from evonas.architecture.layers import ConvTranspose2d
from evonas.errors import UserError

CASES = [
    ConvTranspose2d(5),
    ConvTranspose2d(4, 3, 2, padding=1, output_padding=1, bias=False),
    ConvTranspose2d(6, (4, 2), (2, 1), padding=(1, 0)),
    ConvTranspose2d(4, 3, 1, padding=1, dilation=2),
    ConvTranspose2d(8, 2, 2, groups=2),
]


@pytest.mark.parametrize("layer", CASES, ids=repr)
def test_shapes_tensors_and_cost(layer, check_against_torch):
    check_against_torch(layer, (4, 5, 6))


def test_it_is_torchs(compute):
    batch, weight, bias = torch.randn(2, 3, 4, 4), torch.randn(3, 5, 2, 2), torch.randn(5)
    outputs = compute(ConvTranspose2d(5), batch, weight=weight, bias=bias)
    assert torch.allclose(outputs, F.conv_transpose2d(batch, weight, bias, 2), atol=1e-5)


def test_it_says_which_axes_are_channels():
    assert ConvTranspose2d(5).axes("weight") == (1, 0)
    assert ConvTranspose2d(5).axes("bias") == (0, None)
    assert ConvTranspose2d(5).label() == "transposed 2×2 → 5 stride 2"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConvTranspose2d(0), "ConvTranspose2d out_channels: expected whole numbers of at least 1"),
        (lambda: ConvTranspose2d(4, 0), "ConvTranspose2d kernel: expected whole numbers of at least 1"),
        (lambda: ConvTranspose2d(4, padding=-1), "ConvTranspose2d padding: expected whole numbers of at"),
        (
            lambda: ConvTranspose2d(4, output_padding=2),
            "ConvTranspose2d output_padding: expected less than the stride (2, 2) or the dilation (1, 1)",
        ),
        (lambda: ConvTranspose2d(4, groups=3).shape([(3, 2, 2)]), "channels that 3 groups divide, got 3 ->"),
        (lambda: ConvTranspose2d(4, 1, 1, padding=1).shape([(3, 2, 2)]), "expected a larger image than (2,"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()
