"""1x1 convolutions with a stride compute the same in training, whichever way a processor wants them."""

import pytest
import torch
from torch import nn

from evonas.architecture import Architecture
from evonas.architecture.layers import Conv2d, GlobalAvgPool, Input, Linear, _strided_pointwise
from evonas.architecture.layers._strided_pointwise import StridedPointwise
from evonas.network import build


def module_of(layer, channels=4):
    return layer.module([(channels, 8, 8)])


@pytest.mark.parametrize(
    "layer", [Conv2d(4, 1, 2), Conv2d(4, 1, (1, 3), bias=True), Conv2d(4, 1, (2, 1)), Conv2d(4, (1, 1), 3)]
)
def test_what_only_leaves_out_pixels_is_made_so(layer):
    assert type(module_of(layer)) is StridedPointwise


@pytest.mark.parametrize(
    "layer",
    [Conv2d(4, 1), Conv2d(4, 3, 2), Conv2d(4, 1, 2, padding=1), Conv2d(4, 1, 2, groups=2)]
    + [Conv2d(kernel=1, stride=2, depthwise=True), Conv2d(4, (1, 3), 2)],
)
def test_others_are_plain(layer):
    assert type(module_of(layer)) is nn.Conv2d


@pytest.mark.parametrize("stride", [(2, 2), (1, 3), (3, 2)])
@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
@pytest.mark.parametrize("fewest", [0, 16])
def test_values_and_gradients_are_those_of_the_convolution(monkeypatch, stride, size, fewest):
    """The reference is the same convolution in float64 and plain layout, which is sound everywhere."""
    monkeypatch.setattr(_strided_pointwise, "FEWEST", fewest)
    dtype = torch.float32 if fewest else torch.float64  # the direct way, where it may be taken
    made = Conv2d(5, 1, stride, bias=True).module([(3, *size)]).to(dtype).train()
    images = torch.randn(4, 3, *size, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_()
    reference = nn.Conv2d(3, 5, 1, stride).double()
    reference.load_state_dict(made.state_dict())
    same = images.detach().double().contiguous().requires_grad_()
    given, expected = made(images), reference(same)
    assert given.shape == expected.shape
    direction = torch.randn_like(expected)
    given.backward(direction.to(dtype))
    expected.backward(direction)
    for mine, theirs in (
        (given, expected),
        (images.grad, same.grad),
        (made.weight.grad, reference.weight.grad),
        (made.bias.grad, reference.bias.grad),
    ):
        torch.testing.assert_close(mine.double(), theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "training", "gradients", "seen"),
    [(4, True, True, 4), (8, True, True, 8), (4, False, True, 4), (4, False, False, 8)],
    ids=["few", "many", "tuned in evaluation mode", "exports"],
)
def test_it_convolves_what_the_stride_keeps_where_it_must(monkeypatch, channels, training, gradients, seen):
    sizes = []
    plain = torch.nn.functional.conv2d

    def spy(images, *others, **named):
        sizes.append(images.shape[-1])
        return plain(images, *others, **named)

    monkeypatch.setattr(_strided_pointwise, "FEWEST", 8)
    monkeypatch.setattr(torch.nn.functional, "conv2d", spy)
    with torch.set_grad_enabled(gradients):
        module_of(Conv2d(4, 1, 2), channels).train(training)(torch.zeros(1, channels, 8, 8))
    assert sizes == [seen]


def test_a_network_with_one_is_read_in_again():
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    net.add("skip", Conv2d(4, 1, 2), "image")
    net.add("pool", GlobalAvgPool(), "skip")
    net.add("head", Linear(2), "pool")
    again, _ = Architecture.from_module(build(net).eval(), torch.rand(2, 3, 8, 8))
    assert again.key() == net.key() and again.layer("skip") == net.layer("skip")
