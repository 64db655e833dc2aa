"""Larger filters and other spacing."""

import pytest
from evonas.operators.morphisms.kernel import Dilate, EnlargeKernel, Undilate

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, Flatten, Input, Linear, ReLU
from evonas.errors import NotApplicable, UserError
from evonas.testing.morphisms import check_morphism, randomise


def around(layer: Conv2d, size: int = 9) -> Architecture:
    """The convolution between an image of 4 channels and a classifier of all pixels."""
    net = Architecture()
    net.add("conv", layer, net.add("image", Input((4, size, size))))
    net.add("relu", ReLU(), "conv")
    net.add("head", Linear(3), net.add("vector", Flatten(), "relu"))
    return net


CONVOLUTIONS = [
    Conv2d(4, 3),
    Conv2d(4, (1, 3), bias=True),
    Conv2d(kernel=3, depthwise=True),
    Conv2d(6, 3, groups=2, stride=2),
    Conv2d(4, 3, stride=(1, 2), padding=0),
    Conv2d(4, (2, 3), padding=(0, 1)),
    Conv2d(4, 3, dilation=2),
    Conv2d(4, 3, stride=2, padding=3, dilation=(2, 1)),
]


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=repr)
def test_larger_filters_keep_function_and_size(layer: Conv2d) -> None:
    net = around(layer)
    height, width = layer.kernel
    child, carried = check_morphism(EnlargeKernel("conv", (height + 2, width + 2)), net, randomise(net, 1))
    assert child.shape("conv") == net.shape("conv")
    assert carried["conv.weight"].shape[2:] == (height + 2, width + 2)
    larger = child.layer("conv")
    assert (larger.stride, larger.dilation) == (layer.stride, layer.dilation)
    assert (larger.padding is None) == (layer.padding is None)


def test_one_axis_alone() -> None:
    net = around(Conv2d(4, 3))
    check_morphism(EnlargeKernel("conv", (3, 7)), net, randomise(net, 2))


def test_every_new_tap_moves_after_a_step(moved) -> None:
    before, after = moved(EnlargeKernel("conv", 7), around(Conv2d(4, 3)), steps=1)
    assert (before["conv.weight"] == 0).sum() == 4 * 4 * (49 - 9)
    assert ((after["conv.weight"] - before["conv.weight"]).abs().amax((0, 1)) > 0).all()


@pytest.mark.parametrize("kernel", [3, 4, 1, (3, 4), (5, 1)])
def test_other_sizes_are_refused(kernel: int | tuple[int, int]) -> None:
    with pytest.raises(
        NotApplicable, match=r"node 'conv': expected a kernel larger than \(3, 3\) by an even"
    ):
        EnlargeKernel("conv", kernel).rewrite(around(Conv2d(4, 3)))


def test_filters_do_not_outgrow_the_image() -> None:
    net = around(Conv2d(4, 3), size=2)
    reason = r"'conv': on an image of 2×2, new weights \(tap 0 of axis 0\) would meet nothing but padding"
    with pytest.raises(NotApplicable, match=reason):
        EnlargeKernel("conv", 5).carry(net, randomise(net, 3))


def test_no_convolution() -> None:
    with pytest.raises(NotApplicable, match="node 'relu': expected a convolution, got ReLU"):
        EnlargeKernel("relu", 5).rewrite(around(Conv2d(4, 3)))


@pytest.mark.parametrize(("kind", "choice"), [(EnlargeKernel, "kernel"), (Dilate, "dilation")])
def test_sizes_are_whole(kind: type[EnlargeKernel] | type[Dilate], choice: str) -> None:
    for value in (0, 1.5, (3,), (3, -1), "3", True):
        with pytest.raises(
            UserError, match=f"{kind.__name__} {choice}: expected a whole number of at least 1"
        ):
            kind("conv", value)


@pytest.mark.parametrize("layer", [Conv2d(4, 1), Conv2d(4, 1, stride=2, bias=True)], ids=repr)
def test_dilation_of_a_single_tap_is_seen_when_it_grows(layer: Conv2d) -> None:
    net = around(layer)
    net, weights = check_morphism(Dilate("conv", 3), net, randomise(net, 4))
    net, weights = check_morphism(EnlargeKernel("conv", 3), net, weights)
    assert net.layer("conv").dilation == (3, 3)
    check_morphism(Undilate("conv"), net, weights)


def test_dilation_along_the_axis_with_one_tap() -> None:
    net = around(Conv2d(4, (1, 3)))
    check_morphism(Dilate("conv", (2, 1)), net, randomise(net, 5))
    with pytest.raises(NotApplicable, match="node 'conv': its filters of 1×3 have several taps"):
        Dilate("conv", 2).rewrite(net)
    with pytest.raises(NotApplicable, match=r"node 'conv': its dilation is \(1, 1\) already"):
        Dilate("conv", 1).rewrite(net)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(4, 3, dilation=2),
        Conv2d(kernel=3, dilation=(1, 3), depthwise=True),
        Conv2d(6, (3, 2), padding=(2, 1), stride=2, dilation=2, groups=2, bias=True),
    ],
    ids=repr,
)
def test_dilated_filters_become_dense(layer: Conv2d) -> None:
    net = around(layer)
    child, _ = check_morphism(Undilate("conv"), net, randomise(net, 6))
    assert child.layer("conv").dilation == (1, 1)
    assert child.shape("conv") == net.shape("conv")


def test_dense_filters_have_nothing_to_undo(rng) -> None:
    with pytest.raises(NotApplicable, match="no dilated convolution to apply to: node 'conv': its filters"):
        Undilate.draw(around(Conv2d(4, 3)), rng)


def test_taps_between_move_after_a_step(moved) -> None:
    before, after = moved(Undilate("conv"), around(Conv2d(4, 3, dilation=2)), steps=1)
    assert ((after["conv.weight"] - before["conv.weight"]).abs().amax((0, 1)) > 0).all()


def test_drawn_filters_stay_small(rng) -> None:
    net = around(Conv2d(4, (5, 6), padding=2))
    with pytest.raises(NotApplicable, match="no convolution with small filters"):
        EnlargeKernel.draw(net, rng)
    net = around(Conv2d(4, 5))
    assert EnlargeKernel.draw(net, rng) == EnlargeKernel("conv", (7, 7))
