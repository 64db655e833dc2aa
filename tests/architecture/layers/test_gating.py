import re

import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import GlobalAvgPool, Input, Multiply, Pixel, ShapeError
from evonas.drawing.palette import Kind, kind_of
from evonas.network.network import build


def test_a_gate_weighs_each_channel():
    net = Architecture()
    image = net.add("image", Input((2, 2, 2)))
    gate = net.add("gate", Pixel(), net.add("mean", GlobalAvgPool(), image))
    net.add("gated", Multiply(), gate, image)
    images = torch.rand(3, 2, 2, 2)
    assert net.shapes()["gate"] == (2, 1, 1)
    assert net.shapes()["gated"] == (2, 2, 2)
    torch.testing.assert_close(build(net)(images), images * images.mean((2, 3), keepdim=True))


def test_a_product_of_equals():
    net = Architecture()
    image = net.add("image", Input((4,)))
    net.add("square", Multiply(), image, image)
    assert build(net)(torch.full((1, 4), 3.0)).tolist() == [[9.0] * 4]


@pytest.mark.parametrize(
    "shapes", [[(2, 4, 4), (3, 4, 4)], [(2, 4, 4), (2, 4, 1)], [(2, 4, 4), (2,)], [(1, 4, 4), (2, 4, 4)]]
)
def test_other_shapes_are_refused(shapes):
    with pytest.raises(ShapeError, match=re.escape(f"got {shapes[0]}, {shapes[1]}")):
        Multiply().shape(shapes)


def test_a_pixel_is_made_of_a_vector():
    with pytest.raises(ShapeError, match=re.escape("Pixel expected (features,), got (2, 1, 1)")):
        Pixel().shape([(2, 1, 1)])


def test_labels_and_colours():
    assert [layer.label() for layer in (Multiply(), Pixel())] == ["×", "pixel"]
    assert kind_of(Multiply()) is Kind.MERGING
