"""Is it search, or luck, on real training? Five ways to spend the same number of training images.

All arms search one space (networks that morphisms make of NASH's first model, under caps of parameters and
FLOPs), with one trainer, and **see equally many training images**, not equally many candidates:

- *evolution, inherited*: aging evolution; a child computes what its parent did and is trained E epochs more.
- *evolution, from scratch*: the same, and every child is trained S epochs from random weights.
- *random, from scratch*: networks after 0 to M random morphisms, each trained S epochs.
- *random, pool*: the same networks, which share one set of weights, each trained E epochs.
- *NASH*: hill climbing; the neighbours of the current network compute what it does and are trained E epochs.

The first network of each search is the first model, trained S epochs from scratch. Since inheritance makes
long lineages look good, the winner of every search, chosen by validation accuracy, is **retrained from
scratch by one protocol** on training and validation images, and tested once. Beside it stands the first
model, retrained likewise: what no search gives.

Run it as ``python benchmarks/real_training.py --data cifar10.npz``. Every finished search is a line of the
log with all its candidates, and is not done again; ``--report`` only reports. There is no verdict to fail:
the table says who won.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import Any

from climbing import Bench, Log, add_options, bench_of, epoch_images
from real_training_report import EVOLUTION, FIRST, NASH, POOL, RANDOM, SCRATCH, TITLES, draw, report

import evonas
from evonas.evolution import Genome, genome_type
from evonas.results import SearchResult, train_finally
from evonas.training import Compute, Plan

INHERITS = {EVOLUTION: "morph", SCRATCH: "none", RANDOM: "none", POOL: "pool", NASH: "morph"}
STRATEGIES = {
    EVOLUTION: "aging",
    SCRATCH: "aging",
    RANDOM: "random",
    POOL: "random",
    NASH: "hill-climbing",
}


class Comparison:
    """The arms on one set of images."""

    def __init__(self, bench: Bench, log: Log, options: argparse.Namespace) -> None:
        self.bench, self.log, self.options = bench, log, options

    def candidates(self, arm: str) -> int:
        """How many an arm can train for the common number of epochs."""
        own = self.options
        if INHERITS[arm] == "none":
            return int(own.total_epochs // own.scratch_epochs)
        return int(1 + (own.total_epochs - own.scratch_epochs) // own.epochs)

    def config(self, arm: str) -> dict[str, Any]:
        """A recipe's tables."""
        own = self.options
        scratch = INHERITS[arm] == "none"
        tactics = {
            "aging": {"population": own.population, "sample": own.sample},
            "random": {"mutations": own.mutations},
            "hill-climbing": {"neighbours": own.neighbours, "morphisms": own.morphisms},
        }
        return {
            "genome": {
                "filters": own.filters,
                "max_parameters": own.max_parameters,
                "max_flops": own.max_flops,
            },
            "strategy": tactics[STRATEGIES[arm]],
            "training": {
                "epochs": own.scratch_epochs if scratch else own.epochs,
                "first_epochs": own.scratch_epochs,
                "learning_rate": own.learning_rate,
                "batch_size": own.batch_size,
                "mirror": self.bench.mirror,
            },
        }

    def search(self, arm: str, seed: int) -> SearchResult:
        """One search; each result is told before the next question, so that a pool is empty only once."""
        return evonas.evolve(
            "graph",
            str(self.bench.path),
            strategy=STRATEGIES[arm],
            inherit=INHERITS[arm],
            budget=self.candidates(arm),
            start=self.first_model().to_dict(),
            seed=seed,
            look_ahead=1,
            device=self.bench.device,
            precision=self.bench.precision,
            threads=self.bench.threads,
            config=self.config(arm),
        )

    def first_model(self) -> Genome:
        """The network that every search begins with."""
        kind = genome_type("graph")
        space = kind.space_type.from_dict(self.config(EVOLUTION)["genome"])
        return kind.random(space.for_task(self.bench.dataset.task), random.Random(0))

    def run(self, seed: int) -> None:
        """All arms of a seed, as far as the log has not got them."""
        for arm in self.options.arms:
            if self.log.of(arm=arm, seed=seed):
                continue
            began = time.perf_counter()
            row = self.baseline(seed) if arm == FIRST else self.measured(arm, seed, self.search(arm, seed))
            self.log.add(row | {"seconds": round(time.perf_counter() - began, 1)})
            print(f"# seed {seed} {arm}: {100 * row['retrained']:.2f} %", file=sys.stderr, flush=True)

    def baseline(self, seed: int) -> dict[str, Any]:
        """The first model, retrained: what no search gives."""
        genome = self.first_model()
        done = self.retrained(genome, Plan.from_dict(self.config(EVOLUTION)["training"]), seed)
        return {"arm": FIRST, "seed": seed, **done, "images": 0, "candidates": []}

    def measured(self, arm: str, seed: int, result: SearchResult) -> dict[str, Any]:
        """A search's figures and curve, and its winner retrained."""
        winner = result.best
        rows = list(result.history)
        found = winner.candidate.result
        return {
            "arm": arm,
            "seed": seed,
            "winner": winner.id,
            "validation": winner.fitness,
            "as_found": self.bench.test_accuracy(winner.network()),
            "lineage_epochs": found.lineage_epochs if found else None,
            "images": sum(row.get("metric_training_images") or 0.0 for row in rows),
            "training_seconds": sum(row.get("metric_training_seconds") or 0.0 for row in rows),
            "failures": sum(row["status"] == "failed" for row in rows),
            "epoch_images": epoch_images(result),
            **self.retrained(winner.genome, result.settings.plan, seed),
            "candidates": [self.point(row) for row in rows],
        }

    @staticmethod
    def point(row: dict[str, Any]) -> dict[str, Any]:
        """A candidate, for the curve."""
        return {
            "images": row.get("metric_training_images"),
            "fitness": row["fitness"],
            "parameters": row["parameters"],
            "lineage_epochs": row["lineage_epochs"],
            "operator": row["operator"],
        }

    def retrained(self, genome: Genome, plan: Plan, seed: int) -> dict[str, Any]:
        """Figures of a network that was trained from scratch by the common protocol, and tested once."""
        protocol = {"epochs": self.options.final_epochs, "schedule": "cosine", "label_smoothing": 0.1}
        compute = Compute(self.bench.device, self.bench.precision, self.bench.threads)
        done = train_finally(genome, self.bench.dataset, plan.changed(protocol), compute, seed).report
        kept = {name: done[name] for name in ("parameters", "flops", "training_images")}
        return {"retrained": done["test_accuracy"], "final_epochs": self.options.final_epochs, **kept}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add_options(parser, "real-training.jsonl")
    parser.set_defaults(images=4000, batch_size=50)
    parser.add_argument("--total-epochs", type=int, default=120, help="of training, of each search")
    parser.add_argument("--epochs", type=int, default=2, help="E, of a candidate that inherits")
    parser.add_argument("--scratch-epochs", type=int, default=6, help="S, of one from scratch")
    parser.add_argument("--final-epochs", type=int, default=30, help="of the retraining")
    parser.add_argument("--population", type=int, default=6)
    parser.add_argument("--sample", type=int, default=3)
    parser.add_argument("--mutations", type=int, default=12, help="M, of random networks")
    parser.add_argument("--neighbours", type=int, default=4, help="n_neigh of NASH")
    parser.add_argument("--morphisms", type=int, default=3, help="n_NM of NASH")
    parser.add_argument("--filters", type=int, nargs=3, default=[16, 32, 64], help="of the first model")
    parser.add_argument("--max-parameters", type=int, default=400_000)
    parser.add_argument("--max-flops", type=int, default=6_000_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=TITLES, default=list(TITLES))
    return parser.parse_args()


KEPT = ("images", "size", "batch_size", "learning_rate", "total_epochs", "epochs", "scratch_epochs")
KEPT += ("final_epochs", "population", "sample", "mutations", "neighbours", "morphisms", "filters")
KEPT += ("max_parameters", "max_flops")


def main() -> None:
    options = parse()
    bench = bench_of(options)
    log = Log(options.log, {name: getattr(options, name) for name in KEPT})
    comparison = Comparison(bench, log, options)
    for seed in options.seeds if not options.report else ():
        comparison.run(seed)
    print(f"{options.data}: {bench}; seeds {', '.join(map(str, options.seeds))}\n")
    print(report(log, options))
    if options.figure:
        draw(log, options, options.figure)


if __name__ == "__main__":
    main()
