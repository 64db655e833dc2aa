"""Kernels of pooling: results and gradients against float64, over random shapes; equal numbers in windows."""

import random

import pytest
import torch
from plans import Small

from evonas.architecture.layers import Add, AvgPool2d, GlobalAvgPool, MaxPool2d

CHANNELS = (1, 3, 7, 8, 9, 17, 33)
WINDOWS = [(3, 1), (3, 2), (2, 2), (5, 3)]
"""Kernel and stride."""
MORE = [*WINDOWS, (2, 1), (1, 2), ((1, 3), 1), ((3, 2), (2, 1)), (4, 2), (7, 1)]


def random_case(seed, windows):
    rng = random.Random(f"pool {seed}")
    kernel, stride = rng.choice(windows)
    padding = rng.choice([None, None, 0])
    pool = rng.choice([MaxPool2d, AvgPool2d])(kernel, stride, padding)
    shape = (rng.choice(CHANNELS), rng.randint(7, 11), rng.randint(7, 11))
    twice, whole = rng.random() < 0.3, rng.random() < 0.3

    def body(net, node):
        made = net.add("pool", pool, node)
        if twice:  # two gradients for what is pooled
            made = net.add("sum", Add(), made, net.add("again", pool, node))
        if whole:
            net.add("whole", GlobalAvgPool(), made)

    Small(body, shape, rng.randint(1, 4), seed).check()


def test_random_pools_agree_with_float64():
    for seed in range(60):
        random_case(seed, WINDOWS)


@pytest.mark.slow
def test_a_thousand_random_pools_agree_with_float64():
    for seed in range(60, 1060):
        random_case(seed, MORE)


@pytest.mark.parametrize("pool", [MaxPool2d(), AvgPool2d(), GlobalAvgPool()])
@pytest.mark.parametrize("images", [1, 5])
def test_images_of_one_pixel(pool, images):
    Small(lambda net, node: net.add("pool", pool, node), (9, 1, 1), images).check()


@pytest.mark.parametrize("pool", [AvgPool2d(), GlobalAvgPool()])
def test_large_means_keep_their_digits(pool):
    small = Small(lambda net, node: net.add("pool", pool, node), (7, 6, 6), 3)
    small.image += 1e4
    small.check()


@pytest.mark.parametrize("size", [3, 2])
def test_of_equal_numbers_the_first_has_the_gradient(size):
    """As in PyTorch, and once alone: networks behind a ReLU have many windows of zeros."""
    small = Small(lambda net, node: net.add("pool", MaxPool2d(size, size - 1), node), (9, 7, 7), 3)
    small.image = torch.randint(0, 2, small.image.shape, generator=small.generator).float()
    small.check()


def test_the_largest_of_a_window_may_be_tiny():
    """Padding does not win, however little there is."""
    small = Small(lambda net, node: net.add("pool", MaxPool2d(), node), (5, 3, 3), 2)
    small.image = small.image.abs() * -1e38
    small.check()
