"""Images a second of one final training: in one process of one or more threads, and in several processes.

Three ways to train the same network on the same images with the same batches, in turns, in this one run:

- one process with one thread, the baseline;
- one process with as many threads as there are processes in the third;
- that many processes with one thread each, joined by Gloo, that share every batch (``--devices cpu,cpu``).

Run it as ``python benchmarks/distributed_training.py`` on an idle machine. Only training counts; starting the
processes is a column of its own. It exits with status 1 where several processes are slower than one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import numpy as np
import torch
from training_throughput import BATCH, MEAN, STD, amoebanet, convolution_net

from evonas.architecture import Architecture
from evonas.task import Task
from evonas.training import Compute, FinalTraining, Normalisation, Plan


def silent(epoch: int) -> None:
    """Watches without saying anything."""


def training(architecture: Architecture, threads: int, images: int, epochs: int) -> FinalTraining:
    """A training on random images of CIFAR-10's shape, in float32."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (images, 32, 32, 3), dtype=np.uint8)
    return FinalTraining(
        architecture,
        None,
        Task(3, 32, 32, 10),
        Plan(epochs=epochs, batch_size=BATCH),
        Compute("cpu", "float32", threads),
        x,
        rng.integers(0, 10, images),
        Normalisation(MEAN, STD),
        mirror=True,
        weight_seed=0,
        order_seed=0,
    )


def measure(architecture: Architecture, options: argparse.Namespace) -> tuple[list[float], float]:
    """Images a second of the three ways, and seconds that starting processes takes: medians of turns."""
    one, threaded = (
        training(architecture, threads, options.images, options.epochs) for threads in (1, options.ranks)
    )
    rates: list[list[float]] = []
    starts = []
    seen = options.images // BATCH * BATCH * options.epochs
    for _ in range(options.turns):
        alone, threads = one.here(silent), threaded.here(silent)
        began = time.perf_counter()
        together = one.on(["cpu"] * options.ranks, silent)
        starts.append(time.perf_counter() - began - together.seconds)
        rates.append([seen / done.seconds for done in (alone, threads, together)])
    return [statistics.median(column) for column in zip(*rates, strict=True)], statistics.median(starts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=512, help="training images in an epoch")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3, help="trainings of each way")
    parser.add_argument("--ranks", type=int, default=2, help="processes, and threads of the second way")
    options = parser.parse_args()
    print(
        f"torch {torch.__version__}, float32, {options.images} images, {options.epochs} epochs, batch {BATCH}"
    )
    titles = ("1 process", f"{options.ranks} threads", f"{options.ranks} processes")
    print(f"{'network':<16}" + "".join(f" {title:>22}" for title in titles) + f" {'start-up':>9}")
    missed = False
    for name, architecture in (("convolution net", convolution_net()), ("AmoebaNet-A", amoebanet())):
        rates, start = measure(architecture, options)
        missed |= rates[2] < rates[0]
        cells = "".join(f" {rate:>8.0f} img/s ({rate / rates[0]:.2f})" for rate in rates)
        print(f"{name:<16}{cells} {start:>7.1f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
