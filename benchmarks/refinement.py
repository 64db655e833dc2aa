"""What refinement is worth: networks grown by `evonas.refine`, beside the same ones trained on as they are.

Given are, for each seed, four small networks that were trained for a few epochs: individuals of GeNet,
AmoebaNet and Large-scale Evolution, and a small ResNet, a module trained by a plain loop of PyTorch.
They are small on purpose: where a network has room for all that its images can teach it, growth has nothing
to add. Each of them is

- *refined*: `evonas.refine`, n_steps steps of n_neigh neighbours, trained for E epochs each: n_neigh - 1 of
  n_NM random morphisms each, and the current network, trained on. Its lineage has n_steps · E further epochs,
  the whole of it n_steps · n_neigh · E;
- *trained on*: the same steps, schedule, epochs per lineage and choice, without morphisms or neighbours;
- *trained on longer*: with trainings of n_neigh · E epochs: as many epochs in all as the refinement.

What counts is the network that is best on validation, the given one included, and its test accuracy minus
that of the given one. Test images are never seen by a choice.

Run it as ``python benchmarks/refinement.py --data cifar10.npz --log refinement.jsonl``. Finished ones are
lines of the log and are not done again. It exits with status 1 where a refinement gains less than training on
in the mean over seeds, or returns something worse on validation than it was given.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib
from climbing import Bench, Log, add_options, bench_of, mean_std, path_to, spent
from matplotlib.figure import Figure
from refinement_given import GIVEN, FromBytes
from torch import nn

import evonas
from evonas.evolution import mutation
from evonas.results import Individual, SearchResult

REFINED, TRAINED, LONGER = "refined", "trained on", "trained on longer"
ARMS = {REFINED: "#0b6e99", TRAINED: "#d17a00", LONGER: "#b03a48"}
"""With their colours."""


@mutation("graph", name="unchanged")
def unchanged(genome: Any, rng: Any) -> Any:
    """Leaves the network as it is: with one neighbour the strategy then only trains on."""
    return genome


class Gains:
    """The benchmark on one set of images."""

    def __init__(self, bench: Bench, log: Log, options: argparse.Namespace) -> None:
        self.bench, self.log, self.options = bench, log, options

    def grown(self, given: Individual | nn.Module, arm: str, seed: int) -> SearchResult:
        """One arm, from the given network."""
        own = self.options
        neighbours = own.neighbours if arm == REFINED else 1
        rates = {
            "learning_rate": own.learning_rate,
            "batch_size": own.batch_size,
            "mirror": self.bench.mirror,
        }
        weights = dict(pair.split("=") for pair in own.operators)
        chances = {f"graph-{name}": float(weight) for name, weight in weights.items()}
        brought = []
        if arm != REFINED:
            names = ("deepen", "zero-widen", "add-skip", "concat-skip")
            chances, brought = {f"graph-{name}": 0.0 for name in names} | {"unchanged": 1.0}, [unchanged]
        module = isinstance(given, nn.Module)
        return evonas.refine(
            given,
            str(self.bench.path) if module else None,
            images="unit" if module else "normalised",
            budget=1 + own.steps * neighbours,
            seed=seed,
            epochs=own.epochs * (own.neighbours if arm == LONGER else 1),
            neighbours=neighbours,
            morphisms=own.morphisms if arm == REFINED else 1,
            device=self.bench.device,
            precision=self.bench.precision,
            threads=self.bench.threads,
            operators=brought,
            config={
                "genome": {"max_parameters": own.max_parameters, "max_flops": own.max_flops},
                "operators": chances,
                "training": rates,
            },
        )

    def run(self, name: str, seed: int) -> None:
        """All arms of a given network, as far as the log has not got them."""
        missing = [arm for arm in self.options.arms if not self.log.of(given=name, seed=seed, arm=arm)]
        if self.options.report or not missing:
            return
        given = GIVEN[name][1](self.bench, self.options, seed)
        whole = FromBytes(given) if isinstance(given, nn.Module) else given.network()
        before = self.bench.test_accuracy(whole)
        for arm in missing:
            began = time.perf_counter()
            result = self.grown(given.cpu() if isinstance(given, nn.Module) else given, arm, seed)
            best = result.best
            start = result.individual(0).candidate
            steps = [row for row in result.history if row["id"]]
            row = {
                "given": name,
                "seed": seed,
                "arm": arm,
                "given_tested": before,
                "given_validation": start.fitness,
                "given_parameters": start.result.parameters if start.result else None,
                "tested": self.bench.test_accuracy(best.network()),
                "validation": best.fitness,
                "parameters": best.candidate.result.parameters if best.candidate.result else None,
                "best": best.id,
                "lineage_epochs": self.options.epochs * self.options.steps
                * (self.options.neighbours if arm == LONGER else 1),
                **{f"total_{key}": value for key, value in spent(result).items()},
                "largest_jump": max(
                    (abs(one["metric_accuracy_before"] - self.of_parent(result, one)) for one in steps
                     if one.get("metric_accuracy_before") is not None), default=None,
                ),
                "path": path_to(result, best),
                "seconds": round(time.perf_counter() - began, 1),
            }  # fmt: skip
            self.log.add(row)
            print(f"# {row}", file=sys.stderr, flush=True)

    @staticmethod
    def of_parent(result: SearchResult, row: dict[str, Any]) -> float:
        """The fitness of a row's parent."""
        return result.individual(row["parents"][0]).fitness or 0.0

    def rows(self, name: str, arm: str) -> list[dict[str, Any]]:
        """Those of one given network and arm, by seed."""
        found = [row for row in self.log.of(given=name, arm=arm) if row["seed"] in self.options.seeds]
        return sorted(found, key=lambda row: row["seed"])

    def report(self) -> bool:
        """Prints the table; returns whether all that was to hold holds."""
        heads = ["given", "its test accuracy", "arm", "gain, points", "per seed", "test accuracy"]
        heads += ["validation, from → to", "parameters", "epochs of the lineage", "in all"]
        print(f"| {' | '.join(heads)} |\n| --- | ---: | --- | ---: | --- |" + " ---: |" * 5)
        holds = True
        for name in self.options.given:
            gains = {}
            for arm in self.options.arms:
                rows = self.rows(name, arm)
                if not rows:
                    continue
                each = [row["tested"] - row["given_tested"] for row in rows]
                gains[arm] = statistics.mean(each)
                holds = holds and all(row["validation"] >= row["given_validation"] for row in rows)
                size = statistics.mean(row["parameters"] for row in rows)
                had = statistics.mean(row["given_parameters"] for row in rows)
                validation = [
                    100 * statistics.mean(row[key] for row in rows)
                    for key in ("given_validation", "validation")
                ]
                cells = [
                    GIVEN[name][0] if arm == self.options.arms[0] else "",
                    f"{mean_std([row['given_tested'] for row in rows])} %"
                    if arm == self.options.arms[0]
                    else "",
                    arm,
                    f"{mean_std(each)}",
                    ", ".join(f"{100 * gain:+.2f}" for gain in each),
                    f"{mean_std([row['tested'] for row in rows])} %",
                    f"{validation[0]:.1f} → {validation[1]:.1f} %",
                    f"{had:,.0f} → {size:,.0f}",
                    f"{statistics.mean(row['lineage_epochs'] for row in rows):.0f}",
                    f"{statistics.mean(row['total_epochs'] for row in rows):.0f}",
                ]
                print(f"| {' | '.join(cells)} |")
            holds = holds and gains.get(REFINED, 0.0) > gains.get(TRAINED, -1.0)
        worse = [
            row
            for row in self.log.rows
            if row["arm"] == REFINED and row["validation"] < row["given_validation"]
        ]
        print(f"\nRefinements that are worse on validation than what was given: {len(worse)}.")
        return holds

    def draw(self, path: Path) -> None:
        """The gains of all seeds."""
        matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "evonas", "font.size": 9})
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        axes = figure.subplots()
        for place, name in enumerate(self.options.given):
            for number, arm in enumerate(self.options.arms):
                values = [100 * (row["tested"] - row["given_tested"]) for row in self.rows(name, arm)]
                if not values:
                    continue
                x = place + 0.24 * (number - (len(self.options.arms) - 1) / 2)
                label = arm if not place else None
                axes.bar(x, statistics.mean(values), 0.22, color=ARMS[arm], alpha=0.55, label=label)
                axes.plot([x] * len(values), values, "o", color=ARMS[arm], markersize=4)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_xticks(range(len(self.options.given)), [GIVEN[name][0] for name in self.options.given])
        axes.set_ylabel("gain in test accuracy, points")
        axes.legend(fontsize=8, frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_options(parser, "refinement.jsonl")
    parser.add_argument("--given", nargs="+", choices=GIVEN, default=list(GIVEN))
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--width", type=int, default=4, help="filters of the first layers of what is given")
    parser.add_argument("--given-epochs", type=int, default=20, help="that it has been trained for")
    parser.add_argument("--steps", type=int, default=2, help="n_steps")
    parser.add_argument("--neighbours", type=int, default=3, help="n_neigh")
    parser.add_argument("--morphisms", type=int, default=4, help="n_NM")
    parser.add_argument("--epochs", type=int, default=6, help="E, of each training")
    parser.add_argument(
        "--operators", nargs="*", default=["widen=2"], help="weights of morphisms, such as widen=1"
    )
    parser.add_argument("--max-parameters", type=int, default=200_000)
    parser.add_argument("--max-flops", type=int, default=3_000_000)
    options = parser.parse_args()
    bench = bench_of(options)
    kept = ("images", "size", "batch_size", "learning_rate", "width", "given_epochs", "steps", "neighbours")
    kept += ("morphisms", "epochs", "operators", "max_parameters", "max_flops")
    log = Log(options.log, {name: getattr(options, name) for name in kept})
    gains = Gains(bench, log, options)
    for seed in options.seeds:
        for name in options.given:
            gains.run(name, seed)
    print(f"{options.data}: {bench}; seeds {', '.join(map(str, options.seeds))}\n")
    ok = gains.report()
    if options.figure:
        gains.draw(options.figure)
    return int(not ok)


if __name__ == "__main__":
    sys.exit(main())
