"""The first model of NASH (Elsken et al. 2018, Section 4): Conv-MaxPool-Conv-MaxPool-Conv-FC."""

from __future__ import annotations

from ...architecture import Architecture
from ...architecture.layers import BatchNorm2d, Conv2d, Flatten, Input, Linear, MaxPool2d, ReLU
from ...task import Task

SMALLEST = 4
"""Images of fewer pixels on a side are not pooled any more."""


def first_model(task: Task, filters: tuple[int, ...]) -> Architecture:
    """Three convolutions 3×3, each with normalisation and ReLU, two poolings 2×2, one linear layer.

    Args:
        task: What it is for; very small images are pooled less.
        filters: Of the convolutions.
    """
    net = Architecture()
    node = net.add("image", Input(task.input_shape))
    for number, width in enumerate(filters, 1):
        if number > 1 and min(net.shape(node)[1:]) >= SMALLEST:
            node = net.add(f"pool{number - 1}", MaxPool2d(2, 2), node)
        node = net.add(f"stage{number}.conv", Conv2d(width), node)
        node = net.add(f"stage{number}.bn", BatchNorm2d(), node)
        node = net.add(f"stage{number}.relu", ReLU(), node)
    node = net.add("flat", Flatten(), node)
    net.add("head", Linear(task.classes), node)
    return net
