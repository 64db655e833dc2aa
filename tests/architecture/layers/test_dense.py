import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.architecture.layers import Flatten, Linear, ShapeError
from evonas.errors import UserError


@given(st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_a_linear_layer_is_that_of_torch(check_against_torch, features, out, bias):
    check_against_torch(Linear(out, bias), (features,))


def test_it_computes_a_matrix_product(compute):
    batch, weight, bias = torch.randn(5, 3), torch.randn(4, 3), torch.randn(4)
    torch.testing.assert_close(compute(Linear(4), batch, weight=weight, bias=bias), batch @ weight.T + bias)


@given(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)))
def test_flattening_goes_channel_by_channel(check_against_torch, compute, shape):
    check_against_torch(Flatten(), shape)
    batch = torch.randn(2, *shape)
    assert torch.equal(compute(Flatten(), batch), batch.reshape(2, -1))


def test_impossible_choices_are_refused():
    with pytest.raises(UserError, match="Linear out_features: expected whole numbers of at least 1, got 0"):
        Linear(0)
    with pytest.raises(ShapeError, match=re.escape("Linear expected (features,), got (3, 4, 4)")):
        Linear(4).shape([(3, 4, 4)])
