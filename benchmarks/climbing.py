"""What the benchmarks of hill climbing and of refinement share: images, tests, and a log of finished arms."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from subset import smaller
from torch import nn

import evonas
from evonas.data import ImageDataset
from evonas.errors import UserError
from evonas.results import Individual, SearchResult
from evonas.settings import DataChoice
from evonas.training import choose_device, choose_precision

TEST_BATCH = 500


@dataclass(frozen=True)
class Bench:
    """What all arms of a benchmark train and are tested on.

    Attributes:
        path: An .npz file with the training images that are used, validation included, and the test images.
        mirror: Whether a flipped image keeps its meaning.
        device: Where networks are trained.
        precision: Of training.
        threads: On a CPU.
    """

    path: Path
    mirror: bool
    device: str
    precision: str
    threads: int

    @property
    def dataset(self) -> ImageDataset:
        """The images."""
        return DataChoice().open(str(self.path), None)

    def test_accuracy(self, network: nn.Module) -> float:
        """Of a network that reads images as the file has them, in [0, 1]."""
        network = network.to(self.device).eval()
        images = self.dataset.test()
        right = 0
        with torch.inference_mode():
            for begin in range(0, len(images), TEST_BATCH):
                x = torch.from_numpy(images.x[begin : begin + TEST_BATCH]).to(self.device)
                y = torch.from_numpy(images.y[begin : begin + TEST_BATCH]).to(self.device)
                right += int((network(x.permute(0, 3, 1, 2).float()).argmax(1) == y).sum())
        return right / len(images)

    def __str__(self) -> str:
        images = self.dataset
        split, test = images.search_split(), images.test()
        device = torch.cuda.get_device_name(self.device) if self.device != "cpu" else "CPU"
        return (
            f"{len(split.y_train)} training, {len(split.y_val)} validation and {len(test)} test images of "
            f"{images.task.height}×{images.task.width}; evonas {evonas.__version__}, "
            f"torch {torch.__version__}, {device}, {self.precision}, threads: {self.threads}"
        )


def add_options(parser: argparse.ArgumentParser, log: str) -> None:
    """Options for images, computer and outcome."""
    parser.add_argument("--data", default="cifar10.npz", help="a dataset's name or file")
    parser.add_argument(
        "--images", type=int, default=2500, help="training images, a fifth or a tenth of which validates"
    )
    parser.add_argument("--size", type=int, default=16, help="side in pixels; 0 for the images' own")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=("float32", "bfloat16"))
    parser.add_argument("--work", type=Path, default=Path("."), help="folder for the smaller images")
    parser.add_argument("--log", type=Path, default=Path(log), help="finished arms are kept here")
    parser.add_argument("--figure", type=Path, help="where to draw, .svg or .png")
    parser.add_argument("--report", action="store_true", help="only report what is in the log")


def bench_of(options: argparse.Namespace) -> Bench:
    """Writes the images that the options ask for into a file of their own, unless it is there."""
    source = DataChoice().open(options.data, options.images)
    side = options.size or source.task.height
    path = options.work / f"{Path(options.data).stem}-{source.fingerprint[:8]}-{side}.npz"
    if not path.exists():
        training, test = source.full_training(), source.test()
        np.savez(
            path,
            x_train=smaller(training.x, options.size),
            y_train=training.y,
            x_test=smaller(test.x, options.size),
            y_test=test.y,
            classes=np.array(source.classes),
        )
    device = choose_device(options.device)
    precision = options.precision or choose_precision(device, separable=True)
    return Bench(path, source.mirror, device, precision, options.threads)


class Log:
    """Finished arms, in a file of one JSON object a line, the settings first."""

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []
        if not path.exists():
            path.write_text(json.dumps(settings) + "\n", encoding="utf-8")
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        if json.loads(first) != settings:
            raise UserError(f"log {path}: expected the settings {settings}, got {first}")
        self.rows = [json.loads(line) for line in lines]

    def add(self, row: dict[str, Any]) -> None:
        """Keeps a finished arm."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def of(self, **wanted: Any) -> list[dict[str, Any]]:
        """The rows that have these values."""
        return [row for row in self.rows if all(row[key] == value for key, value in wanted.items())]


def spent(result: SearchResult) -> dict[str, float]:
    """What a search has cost: epochs, training images seen, and FLOPs of its forward passes over them."""
    rows = list(result.history)
    images = [float(row.get("metric_training_images") or 0.0) for row in rows]
    return {
        "epochs": sum(images) / epoch_images(result) if rows else 0.0,
        "images": sum(images),
        "flops": sum(count * (row["flops"] or 0) for count, row in zip(images, rows, strict=True)),
        "failures": sum(row["status"] == "failed" for row in rows),
    }


def epoch_images(result: SearchResult) -> int:
    """Images that one epoch of the search sees: whole batches."""
    split = DataChoice().open(result.settings.dataset, result.settings.train_limit).search_split()
    batch = min(result.settings.plan.batch_size, len(split.y_train))
    return len(split.y_train) // batch * batch


def path_to(result: SearchResult, individual: Individual) -> list[dict[str, Any]]:
    """An individual's ancestors and itself: epochs of its weights, accuracy and size of each."""
    return [
        {
            "epochs": one.result.lineage_epochs,
            "validation": one.fitness,
            "parameters": one.result.parameters,
            "operator": one.genome.origin.operator,
        }
        for one in result.lineage(individual.id)
        if one.result is not None
    ]


def mean_std(values: list[float], digits: int = 2, factor: float = 100.0) -> str:
    """Mean and sample standard deviation, in percent unless told otherwise.

    >>> mean_std([0.5, 0.6])
    '55.00 ± 7.07'
    """
    scaled = [factor * value for value in values]
    spread = f" ± {statistics.stdev(scaled):.{digits}f}" if len(scaled) > 1 else ""
    return f"{statistics.mean(scaled):.{digits}f}{spread}"
