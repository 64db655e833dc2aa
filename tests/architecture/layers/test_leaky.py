import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.architecture.layers import Layer, LeakyReLU
from evonas.errors import UserError

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))


@given(SHAPES, st.sampled_from([0.0, 0.1, 1.0]))
def test_shapes_and_cost_are_those_of_torch(check_against_torch, shape, slope):
    check_against_torch(LeakyReLU(slope), shape)
    assert LeakyReLU(slope).shape([shape]) == shape


def test_it_is_the_larger_of_x_and_slope_times_x(compute):
    image = torch.tensor([-2.0, -0.5, 0.0, 3.0]).reshape(1, 1, 2, 2)
    assert compute(LeakyReLU(0.25), image).flatten().tolist() == [-0.5, -0.125, 0.0, 3.0]
    assert compute(LeakyReLU(0), image).flatten().tolist() == [0.0, 0.0, 0.0, 3.0]


def test_data_and_back():
    layer = LeakyReLU(0.2)
    assert layer.to_dict() == {"kind": "LeakyReLU", "slope": 0.2}
    assert Layer.from_dict(layer.to_dict()) == layer
    assert layer.label() == "leaky ReLU 0.2"


@pytest.mark.parametrize("slope", [-0.1, 1.5, "much"])
def test_impossible_slopes_are_refused(slope):
    with pytest.raises(UserError, match=re.escape(f"LeakyReLU slope: expected 0 to 1, got {slope!r}")):
        LeakyReLU(slope)
