"""Images a second in training: evonas's loop beside the one that a PyTorch tutorial would write.

Both train the same network on the same images with the same number of threads, in turns, in this one run:

- tutorial: DataLoader with worker processes, torchvision's RandomCrop, RandomHorizontalFlip, ToTensor and
  Normalize for each image, float32, NCHW, SGD;
- evonas: images on the device as uint8, batched augmentation, channels-last, the precision that evonas would
  choose for the network, fused SGD.

Run it as ``python benchmarks/training_throughput.py``; it prints a table with the ratio for each network and
exits with status 1 where a ratio misses its target (2 for the convolution net, 1.5 for AmoebaNet-A).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.amoeba.published import AMOEBANET_A_TPU
from torch import nn
from torch.utils.data import DataLoader, Dataset

from evonas.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, MaxPool2d, ReLU
from evonas.network import build
from evonas.task import Task
from evonas.training import (
    Compute,
    DeviceImages,
    Normalisation,
    Plan,
    choose_device,
    choose_precision,
    fit,
    to_device,
)

MEAN, STD = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)
BATCH = 128
TARGETS = {"convolution net": 2.0, "AmoebaNet-A": 1.5}


def convolution_net() -> Architecture:
    """Six 3×3 convolutions of 64 to 256 filters, as in small VGG networks."""
    net = Architecture()
    node = net.add("image", Input((3, 32, 32)))
    for number, filters in enumerate((64, 64, 128, 128, 256, 256), 1):
        node = net.add(f"block{number}.conv", Conv2d(filters), node)
        node = net.add(f"block{number}.bn", BatchNorm2d(), node)
        node = net.add(f"block{number}.relu", ReLU(), node)
        if number % 2 == 0:
            node = net.add(f"block{number}.pool", MaxPool2d(2, 2, padding=0), node)
    node = net.add("pool", GlobalAvgPool(), node)
    net.add("classifier", Linear(10), node)
    return net


def amoebanet() -> Architecture:
    """AmoebaNet-A, N=1, F=16."""
    space = AmoebaSpace(cells=1, filters=16)
    return AmoebaGenome(*AMOEBANET_A_TPU, space).decode(Task(3, 32, 32, 10))


class TutorialImages(Dataset[tuple[torch.Tensor, int]]):
    """Arrays as a map-style dataset with torchvision transforms."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        from torchvision import transforms

        self.x, self.y = x, y
        mean, std = [m / 255 for m in MEAN], [s / 255 for s in STD]
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        )

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.x[index]), int(self.y[index])


def tutorial_loop(
    architecture: Architecture, x: np.ndarray, y: np.ndarray, device: str, workers: int
) -> float:
    """Trains one epoch; returns its seconds."""
    network = build(architecture).to(device)
    loader = DataLoader(
        TutorialImages(x, y), batch_size=BATCH, shuffle=True, num_workers=workers, drop_last=True
    )
    criterion = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
    network.train()
    began = time.perf_counter()
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimiser.zero_grad()
        loss = criterion(network(images), labels)
        loss.backward()
        optimiser.step()
    _finish(device)
    return time.perf_counter() - began


def evonas_loop(architecture: Architecture, x: np.ndarray, y: np.ndarray, compute: Compute) -> float:
    """Trains one epoch; returns its seconds."""
    network = to_device(build(architecture), compute)
    images = DeviceImages(x, y, Normalisation(MEAN, STD), compute.device, padding=4)
    began = time.perf_counter()
    fit(network, images, Plan(epochs=1, batch_size=BATCH), compute, seed=0, mirror=True)
    _finish(compute.device)
    return time.perf_counter() - began


def _finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def measure(turns: int, loops: list[Callable[[], float]]) -> list[list[float]]:
    """Runs the loops in turns, after one turn that does not count."""
    for loop in loops:
        loop()
    return [list(row) for row in zip(*[[loop() for loop in loops] for _ in range(turns)], strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=1024, help="training images in an epoch")
    parser.add_argument("--turns", type=int, default=3, help="epochs of each loop that count")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2, help="processes of the tutorial's DataLoader")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (options.images, 32, 32, 3), dtype=np.uint8)
    y = rng.integers(0, 10, options.images)
    print(
        f"torch {torch.__version__}, {device}, {options.threads} threads, "
        f"{options.images} images, batch {BATCH}"
    )
    print(f"{'network':<16} {'tutorial':>14} {'evonas':>14} {'precision':>10} {'ratio':>6}  target")
    missed = False
    for name, architecture, separable in (
        ("convolution net", convolution_net(), False),
        ("AmoebaNet-A", amoebanet(), True),
    ):
        compute = Compute(device, choose_precision(device, separable), options.threads)
        loops = [
            lambda a=architecture: tutorial_loop(a, x, y, device, options.workers),
            lambda a=architecture, c=compute: evonas_loop(a, x, y, c),
        ]
        tutorial, ours = (
            options.images / statistics.median(seconds) for seconds in measure(options.turns, loops)
        )
        ratio = ours / tutorial
        missed |= ratio < TARGETS[name]
        print(
            f"{name:<16} {tutorial:>8.0f} img/s {ours:>8.0f} img/s {compute.precision:>10} "
            f"{ratio:>6.2f}  at least {TARGETS[name]}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
