"""Does training by kernels of ours end where training by PyTorch ends? Networks trained both ways.

The two paths differ in the last digits of a float32, and training multiplies such differences until two runs
are two draws of one lottery. Whether it is the same lottery is a question for many networks: each of twenty,
drawn from the spaces whose searches train on a plan, is trained from scratch with three seeds and by both
paths, from the same weights and on the same batches, by its genome's small recipe on a part of CIFAR-10 of
smaller images, and scored on training images of CIFAR-10 that were held out. The difference (planned less
eager) is averaged over a network's seeds, and the interval of the mean over networks is Student's. It is to
lie within half a point of zero.

Run it as ``python benchmarks/kernels_accuracy.py --data cifar10.npz``. Each finished training is a line of
the log and is not done again; ``--report`` only reports. It exits with status 1 where the interval is wider.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import statistics
import sys
from pathlib import Path
from typing import Any

from scipy import stats
from subset import Subset, add_options, open_subset, subset_of

from evonas.evolution import genome_type
from evonas.search import Job
from evonas.settings import load_recipe
from evonas.training import Compute, Kernels, Plan, TrainingEvaluator

NETWORKS = {"amoeba": 8, "darts": 6, "hierarchical": 4, "genet": 2}
"""How many are drawn of each genome."""
PATHS: tuple[Kernels, Kernels] = ("eager", "planned")
BOUND = 0.5
"""Points of accuracy, in which the interval of the mean difference is to lie around zero."""
CONFIDENCE = 0.95

Key = tuple[str, int, int, str]
"""Genome, number, seed, path."""


def train(key: Key, data: Subset, epochs: int) -> float:
    """Trains one network; its accuracy in percent."""
    name, number, seed, path = key
    kind = genome_type(name)
    recipe = load_recipe(kind.recipe)
    space = kind.space_type.from_dict(recipe["genome"]).for_task(data.task)
    genome = kind.random(space, random.Random(number))
    plan = Plan.from_dict({**recipe["training"], "epochs": epochs})
    compute = Compute("cpu", "float32", 1, kernels=path)
    compute.prepare()
    evaluator = TrainingEvaluator(
        data.split, data.statistics, data.task, plan, compute, data.mirror, inherit="none"
    )
    result = evaluator.evaluate(Job(0, genome, seed))
    return 100 * (result.fitness or 0.0)


_subset: Subset
_epochs: int


def _open(*choice: Any) -> None:
    global _subset, _epochs
    *asked, _epochs = choice
    _subset = open_subset(*asked)


def _work(key: Key) -> tuple[Key, float]:
    return key, train(key, _subset, _epochs)


def fill(log: Path, found: dict[Key, float], options: argparse.Namespace) -> None:
    """Makes the trainings that the log lacks."""
    keys: list[Key] = [
        (name, number, seed, path)
        for seed in range(options.seed, options.seed + options.seeds)
        for name, many in NETWORKS.items()
        for number in range(many)
        for path in PATHS
    ]
    asked = (options.data, options.images, options.validation, options.size, options.epochs)
    with multiprocessing.get_context("spawn").Pool(options.workers, _open, asked) as pool:
        todo = [key for key in keys if key not in found]
        for key, accuracy in pool.imap_unordered(_work, todo):
            found[key] = accuracy
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*key, accuracy]) + "\n")


def read(log: Path, settings: dict[str, Any]) -> dict[Key, float]:
    """What the log has, begun with the settings where there is none."""
    if not log.exists():
        log.write_text(json.dumps(settings) + "\n", encoding="utf-8")
    first, *lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    if first != settings:
        sys.exit(f"log {log}: expected the settings {settings}, got {first}")
    return {(name, number, seed, path): accuracy for name, number, seed, path, accuracy in lines}


def report(found: dict[Key, float]) -> int:
    """Prints the table; the process's status."""
    eager, planned = PATHS
    gaps: dict[str, list[float]] = {name: [] for name in NETWORKS}
    print("| genome | networks | seeds | eager, % | planned, % | difference | between seeds, eager |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, many in NETWORKS.items():
        rows = [
            [
                (found[name, number, seed, eager], found[name, number, seed, planned])
                for seed in sorted({key[2] for key in found if key[:2] == (name, number)})
                if {(name, number, seed, path) for path in PATHS} <= found.keys()
            ]
            for number in range(many)
        ]
        rows = [row for row in rows if row]
        if not rows:
            continue
        gaps[name] = [statistics.mean(b - a for a, b in row) for row in rows]
        means = [statistics.mean(pair[at] for row in rows for pair in row) for at in (0, 1)]
        spread = statistics.mean(statistics.stdev(a for a, _ in row) for row in rows if len(row) > 1)
        seeds = max(map(len, rows))
        print(
            f"| {name} | {len(rows)} | {seeds} | {means[0]:.2f} | {means[1]:.2f} "
            f"| {statistics.mean(gaps[name]):+.2f} | {spread:.2f} |"
        )
    every = [gap for own in gaps.values() for gap in own]
    low, high = stats.t.interval(CONFIDENCE, len(every) - 1, statistics.mean(every), stats.sem(every))
    print(
        f"\nplanned less eager: {statistics.mean(every):+.3f} points, "
        f"{CONFIDENCE:.0%} interval {low:+.3f} to {high:+.3f} ({len(every)} networks)"
    )
    if max(-low, high) > BOUND:
        print(f"MISSED: expected an interval within {BOUND} points of zero")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add_options(parser, 3000, 8000, 8)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log", type=Path, default=Path("kernels_accuracy.jsonl"))
    parser.add_argument("--report", action="store_true", help="only report")
    options = parser.parse_args()
    settings = {key: getattr(options, key) for key in ("images", "validation", "size", "epochs")}
    settings["data"] = Path(options.data).name
    found = read(options.log, settings)
    if not options.report:
        print(subset_of(options))
        fill(options.log, found, options)
    return report(found)


if __name__ == "__main__":
    sys.exit(main())
