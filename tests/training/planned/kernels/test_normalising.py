"""Kernels of batch normalisation by itself: results, gradients and running statistics against float64."""

import random

import pytest
import torch
from plans import Small

from evonas.architecture.layers import Add, AvgPool2d, BatchNorm2d, Concat, ReLU
from evonas.training.planned.normalised import Normalised

CHANNELS = (1, 3, 7, 8, 9, 17, 33)


def normalised(rectified=False, twice=False):
    """Nodes behind an image: a normalisation that is no convolution's."""

    def body(net, node):
        made = net.add("norm", BatchNorm2d(), node)
        made = net.add("relu", ReLU(), made) if rectified else made
        if twice:
            net.add("sum", Add(), made, net.add("other", BatchNorm2d(0.1, 0.3), node), node)

    return body


def random_case(seed):
    rng = random.Random(f"norm {seed}")
    shape = (rng.choice(CHANNELS), rng.randint(1, 9), rng.randint(2, 9))
    small = Small(normalised(rng.random() < 0.5, rng.random() < 0.3), shape, rng.randint(1, 4), seed)
    level, width = rng.choice([0, 0, 3, 1e3]), 10 ** rng.uniform(-2, 2)
    small.image = width * small.image + level
    assert any(isinstance(one, Normalised) for one in small.matched.operations)
    small.check_normalised()


def test_random_normalisations_agree_with_float64():
    for seed in range(60):
        random_case(seed)


@pytest.mark.slow
def test_a_thousand_random_normalisations_agree_with_float64():
    for seed in range(60, 1060):
        random_case(seed)


@pytest.mark.parametrize("level", [1e3, 1e4])
@pytest.mark.parametrize("rectified", [False, True])
def test_large_means_cost_no_more_digits_than_they_must(level, rectified):
    small = Small(normalised(rectified), (9, 8, 8), 4)
    small.image += level
    small.check_normalised()


def test_one_pixel_of_several_images():
    Small(normalised(), (9, 1, 1), 6).check_normalised()


def test_channels_without_variance_give_the_summand():
    small = Small(normalised(), (9, 4, 4), 3)
    small.image[:] = torch.arange(9.0).view(1, 9, 1, 1) * 0.3
    found, summands = small.planned(), dict(small.network.named_parameters())["norm.bias"]
    assert (found.output - summands.view(1, 9, 1, 1)).abs().max() < 1e-6
    assert torch.equal(found.buffers["norm.running_var"], torch.full((9,), 0.9))
    assert found.gradients["norm.weight"].abs().max() < 1e-3
    assert all(tensor.isfinite().all() for tensor in found.all().values())


def test_channels_of_which_some_lanes_are_constant():
    small = Small(normalised(), (9, 4, 4), 3)
    small.image[:, ::2] = 7.0
    exact, found = small.eager(), small.planned()
    assert (found.output - exact.output).abs().max() < 1e-5
    assert (found.image - exact.image)[:, 1::2].abs().max() < 1e-5 * exact.image.abs().max()


def test_what_is_read_besides_has_the_sum_of_the_gradients():
    def body(net, node):
        node = net.add("pool", AvgPool2d(), node)
        net.add("join", Concat(), net.add("norm", BatchNorm2d(), node), node)

    Small(body, (7, 5, 4), 3).check_normalised()
