"""What a training is estimated to take, beside what it takes."""

import random

import pytest
import torch
from torch.nn import functional as F

from evonas.architecture.architecture import Architecture
from evonas.architecture.ceilings import TooLargeError
from evonas.architecture.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    MinPool2d,
    ReLU,
)
from evonas.evolution.offers import names
from evonas.evolution.registry import genome_type
from evonas.network.network import build
from evonas.task import Task
from evonas.training.device import Compute
from evonas.training.memory import EVALUATION_BATCH, Footprint, Kept, footprint, parts
from evonas.training.plan import Plan
from evonas.training.regularise import RandomLayers

TASK = Task(3, 16, 16, 10)
IMAGES = 8


def kept_by(architecture, precision="float32"):
    """Bytes that a forward pass in training mode keeps for each image, without casts of parameters."""
    network = build(architecture).to(memory_format=torch.channels_last)
    batch = torch.randn(IMAGES, *architecture.shape(architecture.input))
    kept = Kept(network)
    with RandomLayers(network, 0.0, 0, "cpu"), kept.measured(), Compute(precision=precision).autocast():
        logits = network(batch.to(memory_format=torch.channels_last))
        F.cross_entropy(logits.float(), torch.arange(IMAGES) % logits.shape[1])
    return (kept.bytes - footprint(architecture, Plan(), precision).casts) / IMAGES


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", [name for name in names("genomes") if name != "large-scale"])
def test_the_estimate_is_what_is_kept(name, precision):
    kind = genome_type(name)
    space = kind.space_type.from_dict({}).for_task(TASK)
    architecture = kind.random(space, random.Random(5)).decode(TASK)
    assert footprint(architecture, Plan(), precision).kept == pytest.approx(
        kept_by(architecture, precision), rel=0.03
    )


def test_kinds_of_layers_that_keep_something_of_their_own():
    net = Architecture()
    image = net.add("image", Input((3, 16, 16)))
    one = net.add("one", Conv2d(8), image)
    relu = net.add("relu", ReLU(), net.add("bn", BatchNorm2d(), one))
    small = [
        net.add("max", MaxPool2d(2, 2), relu),
        net.add("min", MinPool2d(3, 2), relu),
        net.add("avg", AvgPool2d(2, 2), relu),
        net.add("mean", AvgPool2d(3, 2), relu),
    ]
    joined = net.add("joined", Concat(), *small)
    doubled = net.add("doubled", Add(), joined, net.add("dropped", Dropout(0.5), joined))
    last = net.add("last", Conv2d(4), net.add("alone", Add(), doubled))
    flat = net.add("flat", Flatten(), last)
    net.add("head", Linear(10), flat)
    assert footprint(net, Plan()).kept == pytest.approx(kept_by(net), rel=0.02)


def test_weights_gradients_and_momentum():
    net = Architecture()
    pooled = net.add("pool", GlobalAvgPool(), net.add("image", Input((3, 4, 4))))
    net.add("head", Linear(10), pooled)
    assert footprint(net, Plan(momentum=0.9)).weights == 4 * 3 * 40
    assert footprint(net, Plan(momentum=0.0)).weights == 4 * 2 * 40
    assert footprint(net, Plan()).casts == 0
    assert footprint(net, Plan(), "bfloat16").casts == 2 * 40
    assert footprint(net, Plan()).alive == 4 * (48 + 3)  # the image, until its mean is there


ESTIMATE = Footprint(weights=1000, casts=0, kept=90, passing=10, alive=5)


def test_a_batch_is_cut_until_it_fits():
    assert parts(ESTIMATE, 64, None).training == 64
    assert parts(ESTIMATE, 64, None).evaluation == EVALUATION_BATCH
    assert parts(ESTIMATE, 64, 7400).training == 64
    assert parts(ESTIMATE, 64, 7399).training == 32
    assert parts(ESTIMATE, 64, 3300).training == 22  # three parts
    tight = parts(ESTIMATE, 64, 1800)
    assert tight.training == 8
    assert tight.evaluation == 128  # 1000 + 128 · 5
    assert tight.memory <= 1800
    assert parts(ESTIMATE, 4, 1400).training == 4


def test_what_fits_in_no_part_is_rejected():
    with pytest.raises(
        TooLargeError,
        match=r"rejected before training: 1.8 KiB of memory with parts of 8 images, more than max_memory",
    ):
        parts(ESTIMATE, 64, 1799)
