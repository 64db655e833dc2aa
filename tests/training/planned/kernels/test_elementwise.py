"""Kernels that treat each number by itself, or move numbers: against float64, over random shapes."""

import random

import pytest
import torch
from plans import Small

from evonas.architecture.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Shift,
)

CHANNELS = (1, 3, 7, 8, 9, 17, 33)


def random_case(seed):
    """Sums, concatenations, ReLUs and shifts of values that several read, the same one twice too."""
    rng = random.Random(f"elementwise {seed}")
    shape = (rng.choice(CHANNELS), rng.randint(1, 6), rng.randint(1, 6))
    steps = rng.choices(["add", "add", "relu", "shift"], k=rng.randint(1, 6))
    end, which = rng.choice(["join", "flat", "linear", "nothing"]), rng.random()

    def body(net, node):
        nodes, draw = [node], random.Random(which)
        for at, kind in enumerate(steps):
            layer = {"add": Add, "relu": ReLU, "shift": Shift}[kind]()
            read = draw.choices(nodes, k=draw.randint(2, 4) if kind == "add" else 1)
            nodes.append(net.add(f"{kind}{at}", layer, *read))
        last = net.add("join", Concat(), *draw.choices(nodes, k=3)) if end == "join" else nodes[-1]
        if end in ("flat", "linear"):
            last = net.add("flat", Flatten(), last)
        if end == "linear":
            net.add("linear", Linear(draw.choice(CHANNELS)), last)
        net.prune()

    small = Small(body, shape, rng.randint(1, 4), seed)
    assert small.matched.native == 1
    small.check()


def test_random_sums_and_joins_agree_with_float64():
    for seed in range(60):
        random_case(seed)


@pytest.mark.slow
def test_a_thousand_random_sums_and_joins_agree_with_float64():
    for seed in range(60, 1060):
        random_case(seed)


@pytest.mark.parametrize("summands", [2, 3, 4])
def test_a_sum_may_read_one_value_more_than_once(summands):
    def body(net, node):
        net.add("sum", Add(), *[net.add("relu", ReLU(), node)] * summands, node)

    Small(body, (9, 3, 5), 2).check()


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("normalised", [(True, True), (True, False), (False, True), (True, True, True)])
def test_a_sum_normalises_what_it_reads(normalised, rectified):
    """Of convolutions whose normalisation nobody else reads."""

    def body(net, node):
        read = []
        for at, norm in enumerate(normalised):
            made = net.add(f"conv{at}", Conv2d(9, 1), node)
            made = net.add(f"norm{at}", BatchNorm2d(), made) if norm else made
            read.append(net.add(f"relu{at}", ReLU(), made) if norm and rectified else made)
        net.add("sum", Add(), *read)

    Small(body, (5, 4, 6), 3).check_normalised()


def test_a_value_may_be_joined_with_itself():
    def body(net, node):
        node = net.add("conv", Conv2d(7, 1), node)
        net.add("join", Concat(), node, net.add("relu", ReLU(), node), node)

    Small(body, (3, 4, 4), 2).check()


def test_a_shift_leaves_nothing_of_one_pixel():
    Small(lambda net, node: net.add("shift", Shift(), node), (3, 1, 1), 2).check()


@pytest.mark.parametrize("node", ["relu", "conv", "norm", "pool"])
def test_what_is_no_number_stays_none(node):
    """So that a training that has diverged shows it in its loss, whatever lies between."""

    def body(net, at):
        at = net.add("relu", ReLU(), at) if node == "relu" else at
        at = net.add("conv", Conv2d(8, 3), at) if node in ("conv", "norm") else at
        at = net.add("norm", BatchNorm2d(), at) if node == "norm" else at
        at = net.add("pool", MaxPool2d(), at) if node == "pool" else at
        net.add("end", AvgPool2d(), net.add("second", ReLU(), at))

    small = Small(body, (3, 6, 6), 2)
    small.image[0, 1, 3, 3] = torch.nan
    assert small.eager().output.isnan().any()
    assert small.planned().output.isnan().any()
