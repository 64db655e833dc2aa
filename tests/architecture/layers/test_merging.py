import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Add, Concat, Input, ReLU, ShapeError
from evonas.network.network import build

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))


@given(SHAPES, st.integers(0, 3))
def test_a_sum_is_that_of_torch(check_against_torch, shape, others):
    check_against_torch(Add(), shape, *[shape[0]] * others)


@given(SHAPES, st.lists(st.integers(1, 4), max_size=3))
def test_a_concatenation_is_that_of_torch(check_against_torch, shape, others):
    check_against_torch(Concat(), shape, *others)


def computed(layer, *inputs):
    """What a layer makes of an image x and of its negative part's absence r."""
    net = Architecture()
    net.add("x", Input((1, 1, 3)))
    net.add("r", ReLU(), "x")
    net.add("layer", layer, *inputs)
    return build(net)(torch.tensor([[[[-1.0, 2.0, 3.0]]]]))[0, :, 0].tolist()


def test_inputs_are_read_in_their_order_and_as_often_as_they_are_given():
    assert computed(Add(), "x", "r", "x") == [[-2, 6, 9]]
    assert computed(Concat(), "r", "x", "r") == [[0, 2, 3], [-1, 2, 3], [0, 2, 3]]
    assert computed(Concat(), "x", "r") == [[-1, 2, 3], [0, 2, 3]]


@pytest.mark.parametrize("layer", [Add(), Concat()])
def test_one_input_is_handed_on_even_from_a_module(check_against_torch, layer):
    from evonas.architecture.layers import Conv2d

    net = Architecture()
    net.add("image", Input((2, 4, 4)))
    net.add("conv", Conv2d(3), "image")
    net.add("merge", layer, "conv")
    assert build(net)(torch.zeros(1, 2, 4, 4)).shape == (1, 3, 4, 4)


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (
            Add(),
            [(3, 4, 4), (2, 4, 4)],
            "Add expected inputs of one shape, got (3, 4, 4), (2, 4, 4)",
        ),
        (
            Concat(),
            [(3, 4, 4), (3, 2, 2)],
            "Concat expected inputs of one size, got (3, 4, 4), (3, 2, 2)",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, shapes, message):
    with pytest.raises(ShapeError, match=re.escape(message)):
        layer.shape(shapes)
