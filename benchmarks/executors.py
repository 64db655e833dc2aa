"""Candidates a minute: worker processes beside one process, and beside a fresh script for each candidate.

Small AmoebaNet cells are evolved on images of CIFAR-10's shape (random ones, unless ``--data`` names a file):

1. with one worker process, with two, and with one of two threads. Both with one thread a candidate must have
   the identical history. Two workers are expected to be at least 1.8 times as fast as one, and faster than
   one with two threads.
2. The same candidates as a user would train them with a tool that starts a process for each trial: a fresh
   ``python train.py``, two at a time, with a DataLoader that transforms each image, in float32. Its time is
   itemised; so is that of evonas. Two workers are expected to be at least 4 times as fast.

Candidates are small by default: a second or two of training. The larger they are (``--images``), the less the
start-up of a process weighs, and the nearer is the second ratio to that of training alone.

Rates of evonas are counted from the moment when every worker is warm; the start-up is a row of its own. Run
it as ``python benchmarks/executors.py`` on an idle machine; it exits with status 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

TRAIN = """
import time
began = time.time()
import json, sys
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
import numpy as np
from evonas.architecture import Architecture
from evonas.network import build

started, data, architecture = float(sys.argv[1]), *sys.argv[2:4]
epochs, batch = map(int, sys.argv[4:6])
torch.set_num_threads(1)
imported = time.time()
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)


class Images(Dataset):
    def __init__(self, x, y, training):
        steps = [transforms.ToPILImage()]
        if training:
            steps += [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
        steps += [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
        self.x, self.y, self.transform = x, y, transforms.Compose(steps)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.transform(self.x[index]), int(self.y[index])


with np.load(data) as file:
    x, y = file["x_train"], file["y_train"]
cut = len(x) * 4 // 5
training = DataLoader(Images(x[:cut], y[:cut], True), batch_size=batch, shuffle=True, drop_last=True)
validation = DataLoader(Images(x[cut:], y[cut:], False), batch_size=500)
with open(architecture) as file:
    network = build(Architecture.from_dict(json.load(file)))
criterion = nn.CrossEntropyLoss()
optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * len(training))
loaded = time.time()

waited = 0.0
network.train()
for epoch in range(epochs):
    before = time.time()
    for images, labels in training:
        waited += time.time() - before
        optimiser.zero_grad()
        loss = criterion(network(images), labels)
        loss.backward()
        optimiser.step()
        schedule.step()
        before = time.time()
trained = time.time()
network.eval()
right = 0
with torch.no_grad():
    for images, labels in validation:
        right += int((network(images).argmax(1) == labels).sum())
ended = time.time()
print(json.dumps({
    "start-up": imported - started, "dataset and network": loaded - imported, "images": waited,
    "training steps": trained - loaded - waited, "evaluation": ended - trained,
    "accuracy": right / len(y[cut:]),
}))
"""

PARTS = ("start-up", "dataset and network", "images", "training steps", "evaluation")
Row = dict[str, Any]


def choices(options: argparse.Namespace, data: Path) -> dict[str, Any]:
    """The search, as `evonas.evolve` takes it."""
    return {
        "genome": "amoeba",
        "dataset": str(data),
        "budget": options.budget,
        "population": 4,
        "sample": 2,
        "epochs": options.epochs,
        "inherit": "none",
        "device": "cpu",
        "precision": "float32",
        "config": {
            "genome": {"cells": 1, "filters": options.filters},
            "training": {"batch_size": options.batch},
        },
    }


def search(options: argparse.Namespace, data: Path, workers: int, threads: int) -> Row:
    """One search: its history, its rate when all is warm, and how long the start took."""
    import evonas

    ends: list[float] = []
    began = 0.0

    def started(*_: object) -> None:
        nonlocal began
        began = time.perf_counter()

    result = evonas.evolve(
        **choices(options, data),
        workers=workers,
        threads=threads,
        started=started,
        watch=lambda candidate: ends.append(time.perf_counter()),
    )
    rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]
    times = list(result.history)
    warm = 4  # the first population: both workers have had a first candidate
    training = sum(row["metric_training_seconds"] for row in times[warm:])
    counted = len(ends) - warm
    architectures = [result.individual(number).architecture.to_dict() for number in range(options.scripts)]
    return {
        "history": rows,
        "minute": 60 * counted / (ends[-1] - ends[warm - 1]),
        "start": ends[warm - 1] - began,
        "training": training / counted,
        "rest": (sum(row["seconds"] for row in times[warm:]) - training) / counted,
        "architectures": architectures,
    }


def scripts(options: argparse.Namespace, data: Path, architectures: list[Any], folder: Path) -> Row:
    """A fresh process for each candidate, two at a time."""
    script = folder / "train.py"
    script.write_text(TRAIN, encoding="utf-8")
    waiting = deque(enumerate(architectures))
    running: list[subprocess.Popen[str]] = []
    found: list[Row] = []
    began = time.perf_counter()
    while waiting or running:
        while waiting and len(running) < 2:
            number, architecture = waiting.popleft()
            path = folder / f"architecture{number}.json"
            path.write_text(json.dumps(architecture), encoding="utf-8")
            words = [time.time(), data, path, options.epochs, options.batch]
            command = [sys.executable, str(script), *map(str, words)]
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        time.sleep(0.01)
        for process in [one for one in running if one.poll() is not None]:
            running.remove(process)
            output, _ = process.communicate()
            if process.returncode:
                raise SystemExit(f"train.py ended with status {process.returncode}")
            found.append(json.loads(output.splitlines()[-1]))
    seconds = time.perf_counter() - began
    each: Row = {part: statistics.mean(row[part] for row in found) for part in PARTS}
    return {**each, "minute": 60 * len(found) / seconds}


def in_a_process(options: argparse.Namespace, data: Path, *words: int) -> Row:
    """A search in a fresh process, so that none finds another's caches warm."""
    command = [sys.executable, __file__, "--data", str(data), "--only", json.dumps(words)]
    for name in ("budget", "epochs", "filters", "batch", "scripts"):
        command += [f"--{name}", str(getattr(options, name))]
    environment = {**os.environ, "OMP_NUM_THREADS": str(words[1])}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def make_images(path: Path, count: int) -> Path:
    """Random images of CIFAR-10's shape."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    np.savez(path, x_train=x, y_train=np.arange(count) % 10, x_test=x[:10], y_test=np.arange(10))
    return path


def verdict(words: str, reached: float, expected: float) -> bool:
    met = reached >= expected
    print(f"{words}: {reached:.2f} times, expected {expected:g}: {'met' if met else 'MISSED'}")
    return met


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--budget", type=int, default=28)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=160, help="of which four fifths are trained on")
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--scripts", type=int, default=8, help="candidates that fresh processes train, too")
    parser.add_argument("--data", type=Path, help="an .npz file instead of random images")
    parser.add_argument("--only", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def report(options: argparse.Namespace, rows: dict[str, Row], fresh: Row) -> bool:
    print("\n| how | candidates a minute | until four were done, s |\n| --- | ---: | ---: |")
    for name, row in rows.items():
        print(f"| {name} | {row['minute']:.1f} | {row['start']:.1f} |")
    print(f"| a fresh process each, two at a time | {fresh['minute']:.1f} | |")
    two, one, threads = (rows[name] for name in ("2 workers", "1 worker", "1 worker, 2 threads"))
    print("\n| seconds of a candidate | fresh process | evonas, 2 workers |\n| --- | ---: | ---: |")
    print(f"| start-up: process and imports | {fresh['start-up']:.2f} | 0 (once: {two['start']:.1f}) |")
    print(f"| reading the dataset, building the network | {fresh['dataset and network']:.2f} | in the rest |")
    print(f"| images: DataLoader, transforms | {fresh['images']:.2f} | in training |")
    print(f"| training | {fresh['training steps']:.2f} | {two['training']:.2f} |")
    print(f"| evaluation and the rest | {fresh['evaluation']:.2f} | {two['rest']:.2f} |")
    same = two["history"] == one["history"]
    print(f"\nThe histories with one and two workers are {'identical' if same else 'DIFFERENT'}.")
    met = verdict("2 workers beside 1", two["minute"] / one["minute"], 1.8)
    met &= verdict("2 workers beside 1 of 2 threads", two["minute"] / threads["minute"], 1.0)
    met &= verdict("2 workers beside a fresh process each", two["minute"] / fresh["minute"], 4.0)
    return same and met


def main() -> int:
    options = parse()
    if options.only:
        print(json.dumps(search(options, options.data, *options.only)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = options.data or make_images(folder / "images.npz", options.images)
        named = {"1 worker": (1, 1), "2 workers": (2, 1), "1 worker, 2 threads": (1, 2)}
        rows = {}
        for label, words in named.items():
            rows[label] = in_a_process(options, data, *words)
            print(f"{label}: done", file=sys.stderr)
        fresh = scripts(options, data, rows["2 workers"]["architectures"], folder)
        return 0 if report(options, rows, fresh) else 1


if __name__ == "__main__":
    sys.exit(main())
