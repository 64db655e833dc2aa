"""Small trained networks for the benchmark of refinement: individuals, and a module of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from climbing import Bench
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from inheritance_parents import GROWN
from torch import Tensor, nn
from torch.nn import functional as F

import evonas
from evonas.results import Individual


class Block(nn.Module):
    """Two convolutions and a skip (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.skip: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.skip(x))


class ResNet(nn.Module):
    """Three blocks, as somebody might have written it; it reads images from 0 to 1."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.Sequential(
            Block(width, width, 1), Block(width, width, 2), Block(width, 2 * width, 2)
        )
        self.head = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(self.blocks(self.stem(x)).mean((2, 3)))
        return y


class FromBytes(nn.Module):
    """A network that reads images from 0 to 1, given those from 0 to 255."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.network(x / 255)
        return y


def trained_elsewhere(bench: Bench, options: argparse.Namespace, seed: int) -> nn.Module:
    """The ResNet after a loop such as in PyTorch's tutorials: no line of it is evonas."""
    split, device = bench.dataset.search_split(), bench.device
    x = torch.from_numpy(split.x_train).to(device).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(split.y_train).to(device).long()
    with torch.random.fork_rng(devices=[] if device == "cpu" else [device]):
        torch.manual_seed(seed)
        model = ResNet(options.width, bench.dataset.task.classes).to(device)
        rate, batch = options.learning_rate, options.batch_size
        optimiser = torch.optim.SGD(model.parameters(), rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.given_epochs)
        for _ in range(options.given_epochs):
            model.train()
            for rows in torch.randperm(len(x)).split(batch):
                images = x[rows.to(device)]
                if bench.mirror and torch.rand(()) < 0.5:
                    images = images.flip(3)
                loss = F.cross_entropy(model(images), y[rows.to(device)])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            schedule.step()
    return model.cpu().eval()


def searched(genome: str, space: dict[str, Any], start: Any) -> Callable[..., Individual]:
    """Makes an individual: a start genotype, trained by a search of one candidate."""

    def make(bench: Bench, options: argparse.Namespace, seed: int) -> Individual:
        return evonas.evolve(
            genome,
            str(bench.path),
            budget=1,
            start=start,
            seed=seed,
            epochs=options.given_epochs,
            strategy="random" if start is None else None,
            device=bench.device,
            precision=bench.precision,
            threads=bench.threads,
            config={
                "genome": space,
                "training": {"learning_rate": options.learning_rate, "batch_size": options.batch_size,
                             "mirror": bench.mirror},
            },
        ).best  # fmt: skip

    return make


def large_scale(bench: Bench, options: argparse.Namespace, seed: int) -> Individual:
    """A DNA as a search grows it, narrow."""
    space = LargeScaleSpace(reference=bench.dataset.task.input_shape)
    dna = GROWN.replace("conv(6.0", f"conv({options.width / 3:.3f}")
    return searched("large-scale", space.to_dict(), LargeScaleGenome.from_text(dna, space).to_dict())(
        bench, options, seed
    )


def genet(bench: Bench, options: argparse.Namespace, seed: int) -> Individual:
    """A GeNet of two stages, another for each seed, narrow."""
    width = options.width
    space = {
        "nodes": [3, 3],
        "filters": [width, 2 * width],
        "kernel": 3,
        "pool": 2,
        "hidden": 32,
        "dropout": 0.0,
    }
    return searched("genet", space, None)(bench, options, seed)


def amoeba(bench: Bench, options: argparse.Namespace, seed: int) -> Individual:
    """An individual of the AmoebaNet space, another for each seed, with few combinations and filters."""
    space = {"cells": 1, "filters": options.width, "stages": 2, "combinations": 2}
    return searched("amoeba", space, None)(bench, options, seed)


GIVEN: dict[str, tuple[str, Callable[..., Individual | nn.Module]]] = {
    "genet": ("GeNet", genet),
    "amoeba": ("AmoebaNet", amoeba),
    "large-scale": ("Large-scale Evolution", large_scale),
    "resnet": ("a ResNet of one's own", trained_elsewhere),
}
"""What is refined: its title, and what makes it."""
