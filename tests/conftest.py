"""What all tests share: settings, small spaces and networks with random weights."""

import itertools
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.nasbench201.cell import OPERATIONS, write
from fresh import Fresh
from hypothesis import HealthCheck, settings
from torch import nn

from evonas.architecture.architecture import Architecture
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
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Shift,
)
from evonas.evolution.offers import brought_apart
from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of
from evonas.task import Task

# No test asserts a time, neither of its own nor of the examples that are made up for it.
# Examples differ from run to run, so that more is seen in time; CI's are the same each time.
settings.register_profile(
    "evonas",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("evonas")


SECONDS = 300
"""A test that takes longer hangs; `@pytest.mark.timeout` says otherwise."""


@pytest.hookimpl(tryfirst=True)  # pytest-timeout reads the option when it is configured
def pytest_configure(config: pytest.Config) -> None:
    torch.set_num_threads(1)  # sums depend on it
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # What a shell starts in the background ignores Ctrl-C, and so would commands that tests start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("timeout", None) is None and "PYTEST_TIMEOUT" not in os.environ:
        config.option.timeout = SECONDS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
    # Files with slow tests first: one that is begun last keeps one process at work and the others waiting.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def fresh() -> Iterator[Fresh]:
    """Runs programs in processes that have imported torch already, and nothing of evonas."""
    with Fresh() as programs:
        yield programs


@pytest.fixture(autouse=True, scope="session")
def _kernels_are_kept_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests compile does not lie in the cache of whoever runs them, and is not taken from there.

    Processes that run tests at the same time share one: each kernel takes a while to compile.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVONAS_CACHE", str(folder))
        yield


@pytest.fixture(autouse=True)
def _torch_starts_alike() -> None:
    """Images and weights that a test draws are the same each time, whatever ran before it."""
    torch.manual_seed(2019)


@pytest.fixture(autouse=True)
def _what_is_brought_is_forgotten() -> Iterator[None]:
    """Genomes and strategies that a test brings in a file are unknown to the next."""
    with brought_apart():
        yield


@pytest.fixture
def rng() -> random.Random:
    """A generator that starts alike in every test."""
    return random.Random(2019)


@pytest.fixture
def global_random() -> Iterator[None]:
    """Seeds the global `random`, which DEAP draws from, and restores it."""
    state = random.getstate()
    random.seed(2019)
    yield
    random.setstate(state)


@pytest.fixture(scope="session")
def space() -> AmoebaSpace:
    """Whole cells, few and narrow."""
    return AmoebaSpace(cells=1, filters=4, stages=2)


@pytest.fixture(scope="session")
def task() -> Task:
    """Small colour images of four classes."""
    return Task(3, 8, 8, 4)


@pytest.fixture
def genome(space: AmoebaSpace, rng: random.Random) -> AmoebaGenome:
    """A random genome of the small space."""
    return AmoebaGenome.random(space, rng)


@pytest.fixture(scope="session")
def build_random() -> Callable[..., nn.Module]:
    """Builds a network in evaluation mode with random weights and random normalisation statistics."""

    def make(architecture: Architecture, seed: int = 0, dtype: torch.dtype = torch.float32) -> nn.Module:
        network = build(architecture, seed)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, tensor in network.state_dict().items():
                if name.endswith("running_var") or (name.endswith("weight") and tensor.dim() == 1):
                    tensor.uniform_(0.5, 2, generator=generator)
                elif name.endswith(("bias", "running_mean")):
                    tensor.normal_(std=0.3, generator=generator)
        return network.to(dtype).eval()

    return make


@pytest.fixture
def two_branches() -> Architecture:
    """Two branches that meet."""
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    net.add("stem.conv", Conv2d(4, bias=True), "image")
    net.add("left", Conv2d(4, 1), "stem.conv")
    net.add("right.pool", MaxPool2d(), "stem.conv")
    net.add("join", Concat(), "left", "right.pool")
    net.add("pool", GlobalAvgPool(), "join")
    net.add("head", Linear(5), "pool")
    return net


def _any_layer(rng: random.Random) -> Layer:
    """A layer that reads one image."""
    odd, stride = rng.choice([1, 3, 5]), rng.choice([1, 1, 1, 2])
    makers: list[Callable[[], Layer]] = [
        lambda: Conv2d(2 * rng.randint(1, 4), (odd, rng.choice([1, 3])), stride, bias=rng.random() < 0.3),
        lambda: Conv2d(2 * rng.randint(1, 4), 3, groups=2, dilation=rng.randint(1, 2)),
        lambda: Conv2d(kernel=odd, stride=stride, depthwise=True),
        BatchNorm2d,
        ReLU,
        lambda: MaxPool2d(rng.choice([2, 3]), stride),
        lambda: AvgPool2d(3, stride),
        Shift,
        lambda: Dropout(0.25),
    ]
    return rng.choice(makers)()


@pytest.fixture(scope="session")
def random_architecture() -> Callable[[random.Random], Architecture]:
    """Draws small networks for images of 2 channels, 8 by 8: most kinds of layer, inputs read twice."""

    def draw(rng: random.Random) -> Architecture:
        net = Architecture()
        images = [net.add("image", Input((2, 8, 8)))]
        for number in range(rng.randint(2, 9)):
            name = rng.choice(["a{}", "stage{}.block", "stage{}.node.conv"]).format(number)
            first = rng.choice(images)
            if rng.random() < 0.35:
                kind = rng.choice([Add, Concat])
                fits = [
                    other
                    for other in images
                    if net.shape(other)[1:] == net.shape(first)[1:]
                    and (kind is Concat or net.shape(other) == net.shape(first))
                ]
                images.append(net.add(name, kind(), first, *rng.choices(fits, k=rng.randint(0, 2))))
            else:
                images.append(net.add(name, _any_layer(rng), first))
        vector = net.add("vector", rng.choice([Flatten, GlobalAvgPool])(), images[-1])
        net.add("logits", Linear(rng.randint(2, 5)), vector)
        net.prune()
        return net

    return draw


@pytest.fixture
def pass_on(build_random):
    """Lets a child inherit from a parent with random weights; both networks, and the share."""

    def run(parent, child):
        old = build_random(parent, seed=1)
        weights = weights_of(old)
        before = {name: tensor.clone() for name, tensor in weights.items()}
        new = build(child, seed=2).eval()
        share = inherit(new, child, parent, weights)
        assert all(torch.equal(weights[name], tensor) for name, tensor in before.items())  # never changed
        mine = {tensor.data_ptr() for tensor in new.state_dict().values()}
        assert not mine & {tensor.data_ptr() for tensor in weights.values()}  # nor shared
        assert 0 <= share <= 1
        return old, new, share

    return run


WHOLE_TABLE = Path(__file__).parents[2] / "shared" / "data" / "nasbench201.csv"


@pytest.fixture(scope="session")
def whole_table() -> Path:
    """The table of NAS-Bench-201; the test is skipped where it is absent."""
    if not WHOLE_TABLE.exists():
        pytest.skip(f"the benchmark's table is not at {WHOLE_TABLE}")
    return WHOLE_TABLE


@pytest.fixture(scope="session")
def made_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cells, with made-up accuracy after two lengths of training: convolutions are worth most."""
    rng = random.Random(0)
    worth = {"nor_conv_3x3": 8, "nor_conv_1x1": 5, "skip_connect": 4}
    lines = ["cell,toy_valid3,toy_valid12,toy_test12,toy_seconds3"]
    for operations in itertools.product(OPERATIONS, repeat=6):
        value = sum(worth.get(operation, 1) for operation in operations)
        early, late = value + rng.gauss(0, 4), value + rng.gauss(0, 1)
        lines.append(f"{write(operations)},{30 + early:.3f},{40 + late:.3f},{41 + late:.3f},{value}")
    path = tmp_path_factory.mktemp("table") / "toy.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz file of 120 small colour images of three classes; what is tested on is no image at all."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = rng.integers(0, 120, (120, 8, 8, 3)) + 50 * y[:, None, None, None]
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, x_train=x.astype(np.uint8), y_train=y, x_test=np.full((5, 2), np.nan), y_test=np.zeros(9))
    return path


@pytest.fixture(scope="session")
def training(trained_images: Path) -> dict[str, Any]:
    """The choices of a search with real trainings, as small as they can be, with nothing to compile."""
    genome = {"cells": 1, "filters": 4, "combinations": 1, "stages": 1}
    return {
        "dataset": str(trained_images),
        "budget": 12,
        "population": 4,
        "sample": 2,
        "seed": 7,
        "epochs": 1,
        "device": "cpu",
        "kernels": "eager",
        "config": {"genome": genome, "training": {"batch_size": 32}},
    }
