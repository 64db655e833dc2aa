"""Kernels of convolutions: results and all gradients against float64, over random shapes."""

import random

import pytest
from plans import Small

from evonas.architecture.layers import Add, BatchNorm2d, Conv2d, ReLU
from evonas.training.planned import matching

CHANNELS = (1, 3, 7, 8, 9, 17, 33)
DENSE = [(1, 1, 1), (3, 1, 1), (3, 2, 1)]
"""Windows: kernel, stride, dilation."""
BY_CHANNEL = [(3, 1, 1), (5, 2, 1), (3, 1, 2)]
MORE_DENSE = [*DENSE, (1, 2, 1), (3, 1, 2), ((1, 7), 1, 1), ((7, 1), 1, 1), (5, 1, 1), (2, 2, 1), (4, 1, 1)]
MORE_BY_CHANNEL = [*BY_CHANNEL, (5, 1, 1), (3, 2, 1), (7, 1, 1), (7, 2, 1), (5, 1, 2), ((1, 3), (1, 2), 1)]


@pytest.fixture(autouse=True)
def _however_narrow(monkeypatch):
    """Kernels are right, too, where PyTorch's library would be asked since it is faster."""
    monkeypatch.setattr(matching, "NARROW", 0)


def convolution(rng, window, filters):
    """A convolution through a window; an even one is padded as it likes."""
    kernel, stride, dilation = window
    padding = rng.randint(0, kernel - 1) if kernel in (2, 4) else None
    return Conv2d(filters, kernel, stride, padding, dilation, depthwise=filters is None)


def random_case(seed, kind, windows):
    """[ReLU] convolution [BN [ReLU]] [convolution], all that a kernel may take in."""
    rng = random.Random(f"{kind} {seed}")
    window, filters = rng.choice(windows), rng.choice(CHANNELS)
    before, norm, after, then = (rng.random() < 0.5 for _ in range(4))
    shape = (rng.choice(CHANNELS), rng.randint(7, 11), rng.randint(7, 11))
    norm = norm and shape[0] > 1  # filters of one number, once normalised, all give the same
    first = convolution(rng, window, filters if kind == "dense" else None)
    second = Conv2d(rng.choice(CHANNELS), 1)

    def body(net, node):
        node = net.add("before", ReLU(), node) if before else node
        node = net.add("conv", first, node)
        if kind == "separable":
            node = net.add("point", Conv2d(filters, 1, bias=not norm), node)
        if norm:
            node = net.add("norm", BatchNorm2d(), node)
            node = net.add("after", ReLU(), node) if after else node
            if then:  # which normalises what it reads, and rectifies it
                node = net.add("second", second, node)

    small = Small(body, shape, rng.randint(1, 4), seed)
    small.check_normalised() if norm else small.check()


@pytest.mark.parametrize(
    ("kind", "windows"), [("dense", DENSE), ("separable", BY_CHANNEL), ("depthwise", BY_CHANNEL[:1])]
)
def test_random_convolutions_agree_with_float64(kind, windows):
    for seed in range(20):
        random_case(seed, kind, windows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "windows"),
    [("dense", MORE_DENSE), ("separable", MORE_BY_CHANNEL), ("depthwise", MORE_BY_CHANNEL)],
)
def test_a_thousand_random_convolutions_agree_with_float64(kind, windows):
    for seed in range(20, 354):
        random_case(seed, kind, windows)


# -- corners ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [1, 5])
@pytest.mark.parametrize("kernel", [1, 3])
def test_images_of_one_pixel(kernel, images):
    def body(net, node):
        node = net.add("conv", Conv2d(9, kernel, bias=True), net.add("relu", ReLU(), node))
        net.add("second", Conv2d(kernel=3, depthwise=True), node)

    Small(body, (5, 1, 1), images).check()


def test_one_image_is_normalised():
    def body(net, node):
        node = net.add("norm", BatchNorm2d(), net.add("conv", Conv2d(7), node))
        net.add("second", Conv2d(3, 1), net.add("relu", ReLU(), node))

    Small(body, (3, 5, 6), 1).check_normalised()


@pytest.mark.parametrize(
    ("kernel", "padding"), [(2, 0), (2, 1), ((1, 7), (0, 3)), ((7, 1), None), ((3, 1), 0)]
)
def test_windows_that_are_not_alike_on_all_sides(kernel, padding):
    def body(net, node):
        net.add("conv", Conv2d(5, kernel, padding=padding, bias=True), node)

    Small(body, (3, 8, 9), 2).check()


def test_a_value_that_several_read_has_the_sum_of_their_gradients():
    def body(net, node):
        node = net.add("relu", ReLU(), net.add("norm", BatchNorm2d(), net.add("conv", Conv2d(9), node)))
        left = net.add("left", Conv2d(6, 1, bias=True), node)
        right = net.add("right.point", Conv2d(6, 1), net.add("right.each", Conv2d(depthwise=True), node))
        net.add("sum", Add(), left, right, net.add("third", Conv2d(6), node))

    Small(body, (4, 6, 7), 3).check_normalised()


@pytest.mark.parametrize("level", [1e3, 1e4])
def test_large_means_cost_no_more_digits_than_they_must(level):
    def body(net, node):
        node = net.add("norm", BatchNorm2d(), net.add("conv", Conv2d(8, 1), node))
        net.add("second", Conv2d(4, 1), node)

    small = Small(body, (3, 8, 8), 4)
    small.image += level
    small.check_normalised()


def test_images_without_variance_give_numbers():
    def body(net, node):
        node = net.add("norm", BatchNorm2d(), net.add("conv", Conv2d(8, 1), node))
        net.add("second", Conv2d(4, 1), node)

    small = Small(body, (3, 4, 4), 4)
    small.image.fill_(0.5)
    exact, found = small.eager(), small.planned()
    assert (found.output - exact.output).abs().max() < 1e-4
    assert all(tensor.isfinite().all() for tensor in found.all().values())
