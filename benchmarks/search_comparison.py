"""Is it search, or luck? Winners of three ways to choose a network, each retrained from scratch.

For each seed, two searches of the same space see the same number of training images: aging evolution whose
children inherit weights, and random search. Compared are the best of evolution's initial population, the
best of the whole evolution, and the best of random search. Since inheritance makes long lineages look good,
what counts is a retraining from scratch by one protocol, on training and validation images, tested once.

Run it as ``python benchmarks/search_comparison.py --data cifar10.npz``; it prints a table in Markdown, and
with ``--log`` keeps each finished retraining as a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evonas
from evonas.results import Individual, SearchResult, train_finally
from evonas.run.journal import best_candidates
from evonas.settings import DataChoice
from evonas.training import Compute

ARMS = {
    "initial": "best of the initial population",
    "evolution": "best of evolution",
    "random": "best of random search",
}


def search(strategy: str, seed: int, options: argparse.Namespace) -> SearchResult:
    """One search of the common budget."""
    return evonas.evolve(
        "amoeba",
        options.data,
        strategy=strategy,
        seed=seed,
        budget=options.budget,
        epochs=options.epochs,
        train_limit=options.train_limit,
        threads=options.threads,
        config={
            "search": {},
            "genome": {"cells": options.cells, "filters": options.filters},
            "strategy": {"population": options.population, "sample": options.sample}
            if strategy == "aging"
            else {},
            "training": {"learning_rate": 0.05},
        },
    )


def winners(seed: int, options: argparse.Namespace) -> Iterator[tuple[str, Individual, float]]:
    """The three winners of a seed, and the training images that choosing each took."""
    for strategy in ("aging", "random"):
        began = time.perf_counter()
        result = search(strategy, seed, options)
        images = [(row["id"], row.get("metric_training_images") or 0.0) for row in result.history]
        print(f"# seed {seed} {strategy}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        if strategy == "aging":
            first = (c for c in result.journal.candidates() if c.number < options.population)
            yield (
                "initial",
                Individual(best_candidates(first, 1)[0], result),
                sum(count for number, count in images if number < options.population),
            )
        yield "evolution" if strategy == "aging" else "random", result.best, sum(count for _, count in images)


def retrained(seed: int, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Each winner's figures."""
    dataset = DataChoice().open(options.data, options.train_limit)
    for arm, winner, images in winners(seed, options):
        plan = winner.settings.plan.changed({"epochs": options.final_epochs, "label_smoothing": 0.1})
        compute = Compute(winner.settings.device, winner.settings.precision, options.threads)
        report = train_finally(winner.genome, dataset, plan, compute, seed).report
        yield {
            "arm": arm,
            "seed": seed,
            "candidate": winner.id,
            "genome": str(winner.genome),
            "search_images": images,
            "search_fitness": winner.fitness,
            "test_accuracy": report["test_accuracy"],
            "parameters": report["parameters"],
            "flops": report["flops"],
        }


def table(rows: list[dict[str, Any]]) -> str:
    """Mean and standard deviation over seeds, in Markdown."""
    lines = [
        "| chosen as | images seen | search fitness | test accuracy, retrained | per seed | parameters |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for arm, name in ARMS.items():
        mine = sorted((row for row in rows if row["arm"] == arm), key=lambda row: row["seed"])
        if not mine:
            continue
        tested = [100 * row["test_accuracy"] for row in mine]
        spread = f" ± {statistics.stdev(tested):.2f}" if len(tested) > 1 else ""
        lines.append(
            f"| {name} | {statistics.mean(row['search_images'] for row in mine):,.0f} "
            f"| {100 * statistics.mean(row['search_fitness'] for row in mine):.1f} % "
            f"| {statistics.mean(tested):.2f}{spread} % | {', '.join(f'{value:.2f}' for value in tested)} "
            f"| {statistics.mean(row['parameters'] for row in mine):,.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="digits", help="a dataset's name or FILE.npz")
    parser.add_argument("--train-limit", type=int, default=None)
    parser.add_argument("--budget", type=int, default=24)
    parser.add_argument("--population", type=int, default=8)
    parser.add_argument("--sample", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--final-epochs", type=int, default=12)
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--log", type=Path, help="append finished retrainings here; those in it are not repeated"
    )
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if options.log and options.log.exists():
        rows = [json.loads(line) for line in options.log.read_text(encoding="utf-8").splitlines()]
    done = {seed for seed in options.seeds if sum(row["seed"] == seed for row in rows) == len(ARMS)}
    for seed in options.seeds:
        if seed in done:
            continue
        for row in retrained(seed, options):
            rows.append(row)
            print(
                f"# {row['arm']} seed {seed}: {100 * row['test_accuracy']:.2f} %", file=sys.stderr, flush=True
            )
            if options.log:
                with options.log.open("a", encoding="utf-8") as handle:
                    handle.write(json.dumps(row) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
