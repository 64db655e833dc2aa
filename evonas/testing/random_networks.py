"""Random networks to try things on: drawn layer by layer, or grown from a genome by its own mutations."""

from __future__ import annotations

import random
from collections.abc import Callable

from ..architecture import Architecture
from ..architecture.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Input,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    MinPool2d,
    Multiply,
    PadChannels,
    Pixel,
    ReLU,
    ReLU6,
    Resize,
    Scale,
    Shift,
    SiLU,
    TakeChannels,
)
from ..errors import NotApplicable
from ..evolution import Genome, Space, operators_for
from ..task import Task


def random_architecture(rng: random.Random, task: Task) -> Architecture:
    """A small network drawn node by node.

    Convolutions are dense, grouped, depthwise, strided or dilated; sums and concatenations may read a node
    twice; there are poolings of even and odd windows, slices, gates (squeeze-excite), and a classifier behind
    a global pooling or a flattening, with or without a hidden layer.
    """
    net = Architecture()
    images = [net.add("image", Input((task.channels, task.height, task.width)))]
    for number in range(rng.randint(3, 10)):
        # The newest images are read most: networks are deep rather than wide.
        source = images[max(rng.randrange(len(images)), rng.randrange(len(images)))]
        name = f"{rng.choice(('node', 'stage', 'block.part'))}{number}"
        chance = rng.random()
        if chance < 0.3:
            images.append(_merged(net, name, source, images, rng))
        elif chance < 0.35:
            images.append(_gated(net, name, source, rng))
        elif chance < 0.7:
            images.append(_convolved(net, name, source, rng))
        else:
            images.append(net.add(name, _handing_on(net.shape(source)[0], rng), source))
    _classified(net, images[-1], task.classes, rng)
    net.prune()
    return net


def _classified(net: Architecture, source: str, classes: int, rng: random.Random) -> None:
    end = net.add("vector", rng.choice((Flatten, GlobalAvgPool))(), source)
    if rng.random() < 0.3:
        hidden = net.add("hidden", Linear(rng.randint(2, 8), bias=rng.random() < 0.5), end)
        end = net.add("active", rng.choice((ReLU(), LeakyReLU(0.1), Dropout(0.5))), hidden)
    net.add("logits", Linear(classes), end)


def _merged(net: Architecture, name: str, source: str, images: list[str], rng: random.Random) -> str:
    """A sum or concatenation of a node and others of its size, or of itself."""
    kind, shape = rng.choice((Add, Concat)), net.shape(source)
    fits = [
        other
        for other in images
        if net.shape(other)[1:] == shape[1:] and (kind is Concat or net.shape(other) == shape)
    ]
    return net.add(name, kind(), source, *rng.choices(fits, k=rng.randint(0, 2)))


def _gated(net: Architecture, name: str, source: str, rng: random.Random) -> str:
    """Squeeze-excite: each channel weighed by what a bottleneck makes of all channels' means."""
    mean = net.add(f"{name}.mean", GlobalAvgPool(), source)
    squeezed = net.add(f"{name}.squeeze", Linear(rng.randint(1, 3)), mean)
    excited = net.add(f"{name}.excite", Linear(net.shape(source)[0]), net.add(f"{name}.on", SiLU(), squeezed))
    return net.add(f"{name}.gated", Multiply(), source, net.add(f"{name}.pixel", Pixel(), excited))


def _convolved(net: Architecture, name: str, source: str, rng: random.Random) -> str:
    """A convolution, mostly with a normalisation and an activation behind it."""
    channels = net.shape(source)[0]
    kernel, bias = (rng.choice((1, 3, 5)), rng.choice((1, 3))), rng.random() < 0.3
    stride, dilation = rng.choice((1, 1, 1, 2)), rng.choice((1, 1, 2))
    form = rng.choice(("dense", "dense", "grouped", "depthwise"))
    groups = rng.choice([n for n in range(1, channels + 1) if channels % n == 0]) if form == "grouped" else 1
    layer = Conv2d(
        None if form == "depthwise" else groups * rng.randint(1, max(1, 8 // groups)),
        kernel,
        stride,
        dilation=dilation,
        groups=groups,
        depthwise=form == "depthwise",
        bias=bias,
    )
    end = net.add(f"{name}.conv", layer, source)
    if rng.random() < 0.6:
        end = net.add(f"{name}.bn", BatchNorm2d(rng.choice((1e-5, 1e-3))), end)
    if rng.random() < 0.6:
        end = net.add(f"{name}.active", rng.choice((ReLU(), ReLU(), ReLU6(), LeakyReLU(0.2), SiLU())), end)
    return end


def _handing_on(channels: int, rng: random.Random) -> Layer:
    """A layer that hands on its input's channels, or some of them."""
    start = rng.randrange(channels)
    makers: list[Callable[[], Layer]] = [
        lambda: MaxPool2d(rng.choice((2, 3)), rng.choice((1, 1, 2))),
        lambda: AvgPool2d(rng.choice((2, 3)), rng.choice((1, 1, 2))),
        lambda: MinPool2d(3),
        BatchNorm2d,
        ReLU,
        Shift,
        Scale,
        lambda: Dropout(0.25),
        lambda: Resize(rng.randint(3, 8)),
        lambda: PadChannels(rng.randint(1, 3)),
        lambda: TakeChannels(rng.randint(1, channels - start), start),
    ]
    return rng.choice(makers)()


def grown(kind: type[Genome], space: Space, mutations: int, rng: random.Random) -> Genome:
    """A random genome after some of the mutations that are installed for its kind.

    Args:
        kind: The genome's class.
        space: Its search space.
        mutations: How many operators are drawn; one that does not apply is left out.
        rng: Draws the genome and the mutations. What draws from the global `random`, as DEAP's operators
            do, has to be guarded by the caller (`evonas.seeds.guarded`).
    """
    genome = kind.random(space, rng)
    installed = [one for one in operators_for(kind.name) if one.kind == "mutation" and one.weight > 0]
    for _ in range(mutations if installed else 0):
        try:
            genome = rng.choice(installed).mutate(genome, rng)
        except NotApplicable:
            continue
    return genome
