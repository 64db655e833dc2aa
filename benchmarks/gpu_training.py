"""Images per second on one GPU: the plain loop beside evonas's, step by step, and candidates side by side.

AmoebaNet-A in its paper's search setting (N=3, F=24, batch 128) is trained on images of CIFAR-10's shape:

1. plain: an eager loop in float32, its images from a ``DataLoader`` with torchvision's transforms;
2. images on the device, cropped and flipped there in batches;
3. with channels-last layout, autocast and a fused optimiser;
4. with the step captured in a CUDA graph;
5. with 2, 4 and 8 candidates side by side, as threads of one process, each on its own stream;
6. with as many processes, each with one candidate.

Rates are of all candidates together, in the second epoch and later, each row beside the first. Captured
and eager training are compared with each other, and with what two eager trainings of one seed differ by.

Run it as ``python benchmarks/gpu_training.py`` on a machine with a GPU; it exits with status 1 where packed
training is less than 8 times as fast as the plain loop. ``--device cpu`` with small sizes tries the script.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from evonas.genomes.amoeba import AmoebaGenome
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from training_throughput import MEAN, STD, TutorialImages

from evonas.architecture import Architecture
from evonas.network import build
from evonas.task import Task
from evonas.training import Compute, DeviceImages, Normalisation, Plan, choose_precision, fit, to_device

TARGET = 8.0


def architecture(options: argparse.Namespace) -> Architecture:
    """AmoebaNet-A."""
    space = AmoebaGenome.default_space().__class__(cells=options.cells, filters=options.filters)
    genome = AmoebaGenome.from_dict(AmoebaGenome.published()["amoebanet-a"], space)
    return genome.decode(Task(3, 32, 32, 10))


def arrays(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (options.images, 32, 32, 3), dtype=np.uint8)
    return x, x[..., 0].mean((1, 2)).argsort().argsort() * 10 // options.images


def plain(options: argparse.Namespace) -> float:
    """The first row."""
    x, y = arrays(options)
    loader = DataLoader(
        TutorialImages(x, y), options.batch, shuffle=True, drop_last=True, num_workers=options.loaders,
        pin_memory=options.device != "cpu", persistent_workers=options.loaders > 0,
    )  # fmt: skip
    network = build(architecture(options)).to(options.device)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=5e-4)
    rates = []
    for _ in range(options.epochs):
        began = time.perf_counter()
        for images, labels in loader:
            images, labels = images.to(options.device), labels.to(options.device)
            optimiser.zero_grad()
            F.cross_entropy(network(images), labels).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
        settle(options.device)
        rates.append(len(loader) * options.batch / (time.perf_counter() - began))
    return max(rates[1:])


def settle(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)


class Candidates:
    """Trainings of evonas's, side by side on one device."""

    def __init__(self, options: argparse.Namespace, compute: Compute, layout: bool = True) -> None:
        self.options, self.compute, self.layout = options, compute, layout
        x, y = arrays(options)
        self.images = DeviceImages(x, y, Normalisation(MEAN, STD), options.device, 4)
        self.plan = Plan(epochs=options.epochs, batch_size=options.batch, learning_rate=0.02)
        self.architecture = architecture(options)
        self.troubles: set[str] = set()

    def one(self, seed: int, after_epoch: Callable[[int], None] = lambda epoch: None) -> list[float]:
        """A training; gives its losses."""
        network: nn.Module = build(self.architecture, seed)
        with self.compute.stream():
            network = to_device(network, self.compute) if self.layout else network.to(self.compute.device)
            done = fit(network, self.images, self.plan, self.compute, seed, True, after_epoch)
        self.troubles.add(done.trouble)
        return [epoch.loss for epoch in done.curve]

    def rate(self, count: int) -> float:
        """Images per second of so many at a time, from when all have ended their first epoch."""
        gate = threading.Barrier(count)
        spans: list[tuple[float, float]] = []

        def work(seed: int) -> None:
            began = 0.0

            def after_epoch(epoch: int) -> None:
                nonlocal began
                if epoch == 1:
                    gate.wait()
                    began = time.perf_counter()

            self.one(seed, after_epoch)
            spans.append((began, time.perf_counter()))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = (
            count * (self.plan.epochs - 1) * (len(self.images) // self.plan.batch_size) * self.plan.batch_size
        )
        return seen / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def processes(options: argparse.Namespace, count: int) -> float:
    """As many processes with a candidate each, which begin to count when all are ready."""
    command = [sys.executable, __file__, "--only", "process"]
    for name in ("device", "cells", "filters", "batch", "images", "epochs"):
        command += [f"--{name}", str(getattr(options, name))]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(count)]
    for one in running:
        if one.stdout is None or one.stdout.readline() != "ready\n":
            raise SystemExit("a process did not become ready")
    for one in running:
        if one.stdin is not None:
            one.stdin.write("go\n")
            one.stdin.flush()
    spans = [json.loads(one.communicate()[0]) for one in running]
    seen = count * spans[0]["seen"]
    return seen / (max(span["ended"] for span in spans) - min(span["began"] for span in spans))


def process(options: argparse.Namespace) -> None:
    """One of these."""
    candidates = Candidates(options, Compute(options.device, options.precision))
    began = 0.0

    def after_epoch(epoch: int) -> None:
        nonlocal began
        if epoch == 1:
            print("ready", flush=True)
            sys.stdin.readline()
            began = time.time()

    candidates.one(0, after_epoch)
    steps = (options.epochs - 1) * (options.images // options.batch)
    print(json.dumps({"began": began, "ended": time.time(), "seen": steps * options.batch}))


def compare(options: argparse.Namespace) -> None:
    """Captured beside eager training."""
    eager = Candidates(options, Compute(options.device, options.precision, capture=False))
    captured = Candidates(options, Compute(options.device, options.precision))
    first, second, third = eager.one(0)[-1], eager.one(0)[-1], captured.one(0)[-1]
    print(
        f"\nLoss after {options.epochs} epochs: eager {first:.5f} and again {second:.5f} "
        f"(difference {abs(first - second):.1e}), captured {third:.5f} (difference {abs(third - first):.1e})."
    )
    if trouble := "; ".join(sorted(captured.troubles - {""})):
        print(f"Not captured: {trouble}")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """All rows."""
    rows: dict[str, float] = {}

    def row(name: str, rate: float) -> None:
        rows[name] = rate
        first = next(iter(rows.values()))
        print(f"| {name} | {rate:,.0f} | {rate / first:.2f} |", flush=True)

    precise, eager, captured = (
        Compute(options.device, "float32", capture=False),
        Compute(options.device, options.precision, capture=False),
        Compute(options.device, options.precision),
    )
    print("| how | images per second | times the first |\n| --- | ---: | ---: |")
    row("plain: eager, DataLoader, float32", plain(options))
    row("images on the device", Candidates(options, precise, layout=False).rate(1))
    row(f"channels-last, {options.precision}", Candidates(options, eager).rate(1))
    row("step captured", Candidates(options, captured).rate(1))
    for count in options.packed:
        row(f"{count} candidates, eager, streams of a process", Candidates(options, eager).rate(count))
        row(f"{count} candidates, captured, streams of a process", Candidates(options, captured).rate(count))
        row(f"{count} candidates, captured, a process each", processes(options, count))
    return rows


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--precision", help="by default what suits the device")
    parser.add_argument("--cells", type=int, default=3)
    parser.add_argument("--filters", type=int, default=24)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=5120)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--packed", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--loaders", type=int, default=4, help="processes of the DataLoader")
    parser.add_argument("--only", choices=["process"], help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    options = parse()
    if options.device != "cpu" and not torch.cuda.is_available():
        print("no CUDA device is here: nothing was measured", file=sys.stderr)
        return 2
    if options.precision is None:
        options.precision = choose_precision(options.device, separable=True)
    if options.only:
        process(options)
        return 0
    name = "the CPU" if options.device == "cpu" else torch.cuda.get_device_name(options.device)
    print(f"AmoebaNet-A, N={options.cells}, F={options.filters}, batch {options.batch}, on {name}\n")
    rows = measure(options)
    compare(options)
    best, first = max(rate for key, rate in rows.items() if "captured" in key), next(iter(rows.values()))
    met = best / first >= TARGET
    print(f"\nBest beside plain: {best / first:.2f} times, expected {TARGET:g}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
