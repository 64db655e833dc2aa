"""A subset of a dataset, its images smaller where asked for, so that a CPU can take it.

Only training images are used: those that the benchmarks measure on are held out of them.
"""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evonas.data import Split, Statistics, channel_statistics
from evonas.errors import UserError
from evonas.settings import DataChoice
from evonas.task import Task
from evonas.training import Compute, choose_device, choose_precision


@dataclass(frozen=True)
class Subset:
    """Images to train on, and others to measure on.

    Attributes:
        split: Both.
        statistics: Of the training images' channels.
        task: The shape of an image, and the number of classes.
        mirror: Whether an image flipped left to right keeps its meaning.
    """

    split: Split
    statistics: Statistics
    task: Task
    mirror: bool

    def __str__(self) -> str:
        return (
            f"{len(self.split.y_train)} training and {len(self.split.y_val)} validation images "
            f"of {self.task.height}×{self.task.width}"
        )


def open_subset(name: str, training: int, validation: int, size: int) -> Subset:
    """Opens a dataset and keeps a stratified part of its training images.

    Args:
        name: A dataset's name or file.
        training: Images to train on.
        validation: Images to measure on.
        size: Side in pixels, by which the images' own is divisible; 0 for their own.
    """
    dataset = DataChoice().open(name, training + validation)
    split = dataset.search_split(validation / (training + validation))
    split = dataclasses.replace(split, x_train=smaller(split.x_train, size), x_val=smaller(split.x_val, size))
    height, width = split.x_train.shape[1:3]
    task = dataclasses.replace(dataset.task, height=height, width=width)
    return Subset(split, channel_statistics(split.x_train), task, dataset.mirror)


def smaller(images: NDArray[Any], size: int) -> NDArray[Any]:
    """Images (N, H, W, C) of a smaller side: means of square blocks of pixels."""
    height, width = images.shape[1:3]
    if size in (0, height):
        return images
    factor = height // size
    if factor * size != height or width % factor:
        raise UserError(f"size: expected a side by which {height}×{width} can be divided, got {size}")
    blocks = images.reshape(len(images), size, factor, width // factor, factor, images.shape[3])
    means: NDArray[Any] = np.rint(blocks.mean((2, 4))).astype(images.dtype)
    return means


def add_options(parser: argparse.ArgumentParser, training: int, validation: int, size: int) -> None:
    """Options of a benchmark that trains on a subset, with its defaults."""
    parser.add_argument("--data", default="cifar10.npz", help="a dataset's name or file")
    parser.add_argument("--images", type=int, default=training, help="to train on")
    parser.add_argument("--validation", type=int, default=validation, help="images to measure on")
    parser.add_argument("--size", type=int, default=size, help="side in pixels; 0 for the images' own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")


def subset_of(options: argparse.Namespace) -> Subset:
    """The subset that the options ask for."""
    return open_subset(options.data, options.images, options.validation, options.size)


def compute_of(options: argparse.Namespace, separable: bool) -> Compute:
    """Where to train, prepared."""
    device = choose_device(options.device)
    compute = Compute(device, choose_precision(device, separable), options.threads)
    compute.prepare()
    return compute


def versions(compute: Compute) -> str:
    """What a run was made with, in one line."""
    device = torch.cuda.get_device_name(compute.device) if compute.device != "cpu" else "CPU"
    return f"torch {torch.__version__}, {device}, {compute.precision}, threads: {compute.threads}"
