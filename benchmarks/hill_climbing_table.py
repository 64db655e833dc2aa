"""The arms of the benchmark of hill climbing, their searches and what came of them."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

from climbing import Bench, Log, epoch_images, mean_std, path_to, spent

import evonas
from evonas.evolution import mutation
from evonas.network import deployable
from evonas.results import Individual, SearchResult, train_finally
from evonas.training import Compute

CLIMBING, CONSTANT, RANDOM, LINEAGES, LONGER, FIRST = (
    "climbing", "constant", "random", "lineages", "longer", "first",
)  # fmt: skip
TITLES = {
    CLIMBING: "hill climbing",
    CONSTANT: "hill climbing, no annealing",
    RANDOM: "random network",
    FIRST: "first model, trained on",
    LINEAGES: "best of {n} random networks",
    LONGER: "random network, trained {n} times as long",
}
OTHER_DRAWS = 1000
"""Between the seeds of the lineages of one seed, so that no two are the same."""


@mutation("graph", name="unchanged")
def unchanged(genome: Any, rng: Any) -> Any:
    """Leaves the network as it is: with one neighbour the strategy then only trains on."""
    return genome


class Table:
    """The benchmark on one set of images."""

    def __init__(self, bench: Bench, log: Log, options: argparse.Namespace) -> None:
        self.bench, self.log, self.options = bench, log, options
        self.names = {arm: title.format(n=options.neighbours) for arm, title in TITLES.items()}

    def config(self, **training: Any) -> dict[str, Any]:
        """A recipe's tables."""
        own = self.options
        rates = {
            "learning_rate": own.learning_rate,
            "batch_size": own.batch_size,
            "mirror": self.bench.mirror,
        }
        caps = {"max_parameters": own.max_parameters, "max_flops": own.max_flops}
        return {"genome": {"filters": own.filters, **caps}, "training": {**rates, **training}}

    def first(self, seed: int) -> SearchResult:
        """The first model, trained."""
        return evonas.evolve(
            "graph",
            str(self.bench.path),
            budget=1,
            seed=seed,
            device=self.bench.device,
            precision=self.bench.precision,
            threads=self.bench.threads,
            config=self.config(first_epochs=self.options.first_epochs),
        )

    def climb(
        self, first: SearchResult, seed: int, *, neighbours: int, epochs: int, **more: Any
    ) -> SearchResult:
        """One search from the first model, of all steps."""
        changes: dict[str, Any] = {}
        config = self.config(schedule=more.get("schedule", "cosine"))
        if more.get("unchanged"):
            names = ("deepen", "zero-widen", "add-skip", "concat-skip")
            config["operators"] = {f"graph-{name}": 0 for name in names} | {"unchanged": 1}
            changes["operators"] = [unchanged]
        return evonas.refine(
            first,
            budget=1 + self.options.steps * neighbours,
            seed=seed,
            epochs=epochs,
            neighbours=neighbours,
            morphisms=self.options.morphisms,
            precision=self.bench.precision,
            config=config,
            **changes,
        )

    def last(self, result: SearchResult) -> Individual:
        """The best network of the last step."""
        neighbours = result.settings.tactics["neighbours"]
        step = [
            one
            for one in result.journal.candidates()
            if one.number > self.options.steps * neighbours - neighbours
        ]
        best = max((one for one in step if one.fitness is not None), key=lambda one: one.fitness or 0.0)
        return result.individual(best.number)

    def run(self, seed: int) -> None:
        """All arms of a seed, as far as the log has not got them."""
        missing = [arm for arm in self.options.arms if not self.log.of(arm=arm, seed=seed)]
        if self.options.report or not missing:
            return
        first = self.first(seed)
        for arm in missing:
            began = time.perf_counter()
            results = self.searches(arm, first, seed)
            row = self.measured(arm, seed, first, results)
            self.log.add(row | {"seconds": round(time.perf_counter() - began, 1)})
            print(f"# seed {seed} {arm}: {self.log.rows[-1]}", file=sys.stderr, flush=True)

    def searches(self, arm: str, first: SearchResult, seed: int) -> list[SearchResult]:
        """The searches of an arm."""
        many, epochs = self.options.neighbours, self.options.epochs
        if arm == CLIMBING:
            return [self.climb(first, seed, neighbours=many, epochs=epochs)]
        if arm == CONSTANT:
            return [self.climb(first, seed, neighbours=many, epochs=epochs, schedule="constant")]
        if arm == LONGER:
            return [self.climb(first, seed, neighbours=1, epochs=many * epochs)]
        if arm == FIRST:
            return [self.climb(first, seed, neighbours=1, epochs=epochs, unchanged=True)]
        lineages = range(many if arm == LINEAGES else 1)
        return [
            self.climb(first, seed + OTHER_DRAWS * number, neighbours=1, epochs=epochs) for number in lineages
        ]

    def measured(
        self, arm: str, seed: int, first: SearchResult, results: list[SearchResult]
    ) -> dict[str, Any]:
        """An arm's figures."""
        ends = [self.last(result) for result in results]
        chosen = max(range(len(ends)), key=lambda place: ends[place].fitness or 0.0)
        network, result = ends[chosen], results[chosen]
        costs = [spent(one) for one in (first, *results)]
        done = network.candidate.result
        return {
            "arm": arm,
            "seed": seed,
            "validation": network.fitness,
            "tested": self.bench.test_accuracy(network.network()),
            "tested_finally": self.finally_tested(network, result, seed),
            "parameters": done.parameters if done else None,
            "flops": done.flops if done else None,
            "lineage_epochs": done.lineage_epochs if done else None,
            "final_epochs": self.options.final_epochs,
            **{f"total_{key}": sum(cost[key] for cost in costs) for key in costs[0]},
            "first_validation": first.best.fitness,
            "path": path_to(result, network),
            "epoch_images": epoch_images(first),
        }

    def finally_tested(self, network: Individual, result: SearchResult, seed: int) -> float | None:
        """Test accuracy after the final training."""
        if not self.options.final_epochs:
            return None
        plan = result.settings.plan.changed({"epochs": self.options.final_epochs, "schedule": "cosine"})
        compute = Compute(self.bench.device, self.bench.precision, self.bench.threads)
        done = train_finally(
            network.genome, self.bench.dataset, plan, compute, seed, weights=network.weights()
        )
        whole = deployable(network.architecture, done.weights, done.statistics, done.classes)
        return self.bench.test_accuracy(whole.network())

    def rows(self, arm: str) -> list[dict[str, Any]]:
        """An arm's rows, by seed."""
        return sorted(
            (row for row in self.log.of(arm=arm) if row["seed"] in self.options.seeds),
            key=lambda row: row["seed"],
        )

    def report(self) -> bool:
        """Prints the table; returns whether hill climbing beats random networks."""
        print(
            "| | test accuracy as it is | after the final training | validation | parameters "
            "| epochs of the lineage | epochs in all | images seen | forward FLOPs |\n| --- |" + " ---: |" * 8
        )
        for arm in self.options.arms:
            rows = self.rows(arm)
            if not rows:
                continue
            finals = [row["tested_finally"] for row in rows if row["tested_finally"] is not None]
            cells = [
                f"{mean_std([row['tested'] for row in rows])} %",
                f"{mean_std(finals)} %" if finals else "–",
                f"{mean_std([row['validation'] for row in rows], 1)} %",
                mean_std([row["parameters"] for row in rows], 0, 1e-3) + " k",
                f"{statistics.mean(row['lineage_epochs'] for row in rows):.0f}",
                f"{statistics.mean(row['total_epochs'] for row in rows):.0f}",
                f"{statistics.mean(row['total_images'] for row in rows):,.0f}",
                f"{statistics.mean(row['total_flops'] for row in rows):.2g}",
            ]
            print(f"| {self.names[arm]} | {' | '.join(cells)} |")
        print()
        return self.verdicts()

    def verdicts(self) -> bool:
        """Hill climbing beside every other arm, seed by seed."""
        mine, holds = {row["seed"]: row for row in self.rows(CLIMBING)}, True
        print("| hill climbing minus | as it is | seeds won | after the final training | seeds won |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for arm in self.options.arms:
            pairs = [(mine[row["seed"]], row) for row in self.rows(arm) if row["seed"] in mine]
            if arm == CLIMBING or not pairs:
                continue
            cells = []
            for key in ("tested", "tested_finally"):
                gaps = [a[key] - b[key] for a, b in pairs if a[key] is not None and b[key] is not None]
                won = f"{sum(gap > 0 for gap in gaps)} of {len(gaps)}"
                cells += [f"{mean_std(gaps)} points" if gaps else "–", won]
                if arm == RANDOM and gaps:
                    holds = holds and statistics.mean(gaps) > 0
            print(f"| {self.names[arm]} | {' | '.join(cells)} |")
        return holds
