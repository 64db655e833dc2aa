import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Dropout, Input, ReLU, ShapeError
from evonas.errors import UserError
from evonas.network.network import build

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(2, 5))


@given(SHAPES, st.sampled_from([BatchNorm2d(), BatchNorm2d(1e-3, 0.3), ReLU(), Dropout(0.2)]))
def test_shapes_tensors_and_cost_are_those_of_torch(check_against_torch, shape, layer):
    check_against_torch(layer, shape)
    assert layer.shape([shape]) == shape


def test_relu_of_vectors(check_against_torch):
    check_against_torch(ReLU(), (7,))


def test_normalisation_starts_as_the_identity_up_to_epsilon(compute):
    image = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(compute(BatchNorm2d(epsilon=1e-12), image), image)


def test_normalisation_uses_its_statistics_scale_shift_and_epsilon(compute):
    image = torch.randn(2, 3, 4, 4)
    tensors = {"weight": torch.randn(3), "bias": torch.randn(3)}
    statistics = {"running_mean": torch.randn(3), "running_var": torch.rand(3) + 0.1}
    expected = F.batch_norm(image, **statistics, **tensors, eps=0.2)
    torch.testing.assert_close(compute(BatchNorm2d(epsilon=0.2), image, **tensors, **statistics), expected)


def test_normalisation_learns_its_statistics_in_training_with_its_momentum():
    net = Architecture()
    net.add("norm", BatchNorm2d(momentum=0.25), net.add("image", Input((2, 4, 4))))
    network = build(net).train()
    image = torch.randn(8, 2, 4, 4) + 5
    network(image)
    mean = network.state_dict()["norm.running_mean"]
    torch.testing.assert_close(mean, 0.25 * image.mean((0, 2, 3)))


def test_dropout_drops_in_training_alone():
    net = Architecture()
    net.add("drop", Dropout(0.75), net.add("image", Input((1, 64, 64))))
    network = build(net)
    image = torch.ones(4, 1, 64, 64)
    assert torch.equal(network.eval()(image), image)
    dropped = network.train()(image)
    assert set(dropped.unique().tolist()) == {0.0, 4.0}
    assert 0.7 < (dropped == 0).float().mean() < 0.8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Input(()), "Input size: expected whole numbers of at least 1, got ()"),
        (lambda: Input((3, 0, 8)), "Input size: expected whole numbers of at least 1, got (3, 0, 8)"),
        (lambda: Input((3, 8.0, 8)), "Input size: expected whole numbers of at least 1, got (3, 8.0, 8)"),
        (lambda: Dropout(1), "Dropout probability: expected at least 0 and below 1, got 1"),
        (lambda: Dropout(-0.1), "Dropout probability: expected at least 0 and below 1, got -0.1"),
        (lambda: BatchNorm2d(epsilon=0), "BatchNorm2d epsilon: expected above 0, got 0"),
        (lambda: BatchNorm2d(momentum=1.5), "BatchNorm2d momentum: expected 0 to 1, got 1.5"),
    ],
)
def test_impossible_choices_are_refused(make, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make()


def test_normalisation_reads_images_alone():
    with pytest.raises(
        ShapeError, match=re.escape("BatchNorm2d expected (channels, height, width), got (7,)")
    ):
        BatchNorm2d().shape([(7,)])
