"""Learnt slopes, dropped channels, bilinear interpolation."""

import re

import pytest
import torch
import torch.nn.functional as F

from evonas.architecture.layers import Dropout2d, PReLU, Resize
from evonas.errors import UserError


@pytest.mark.parametrize("shape", [(4, 3, 5), (6,)], ids=str)
@pytest.mark.parametrize("shared", [True, False])
def test_slopes(shared, shape, check_against_torch, compute):
    network = check_against_torch(PReLU(shared, 0.1), shape)
    assert (network.layer.weight == 0.1).all()
    batch, weight = torch.randn(2, *shape), torch.rand(1 if shared else shape[0])
    assert torch.equal(compute(PReLU(shared), batch, weight=weight), F.prelu(batch, weight))


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (3, 9), 12], ids=str)
def test_bilinear_interpolation(size, corners, check_against_torch, compute):
    check_against_torch(Resize(size, "bilinear", corners), (2, 5, 4))
    batch = torch.randn(2, 2, 5, 4)
    wanted = F.interpolate(batch, size, mode="bilinear", align_corners=corners)
    assert torch.equal(compute(Resize(size, "bilinear", corners), batch), wanted)


def test_nothing_is_dropped_in_evaluation(check_against_torch, compute):
    check_against_torch(Dropout2d(0.4), (3, 4, 4))
    batch = torch.randn(2, 3, 4, 4)
    assert torch.equal(compute(Dropout2d(0.4), batch), batch)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PReLU("all"), "PReLU shared: expected true or false, got 'all'"),
        (lambda: PReLU(initial=None), "PReLU initial: expected a number, got None"),
        (lambda: Dropout2d(1.0), "Dropout2d probability: expected at least 0 and below 1, got 1.0"),
        (lambda: Dropout2d().shape([(4,)]), "Dropout2d expected (channels, height, width), got (4,)"),
        (lambda: Resize(4, "bicubic"), "Resize mode: expected nearest or bilinear, got 'bicubic'"),
        (lambda: Resize(4, corners=True), "Resize corners: expected false, or true where bilinear, got True"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()
