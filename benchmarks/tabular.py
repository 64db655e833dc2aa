"""Every strategy on the table of NAS-Bench-201, beside the figures that its authors published.

Six strategies of evonas with their papers' settings, local search, and DEAP's ``eaMuPlusLambda`` through a
toolbox of evonas; many seeds each, on all three datasets. Searches see the validation accuracy after 12
epochs; reported is the test accuracy after 200 epochs of what they found best.

Run it as ``python benchmarks/tabular.py --table nasbench201.csv --output FOLDER``; every finished search is
kept in the folder and not run again. It exits with status 1 unless aging evolution beats random search at 300
evaluations on every dataset with p < 0.001.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from deap import algorithms
from scipy import stats

import evonas
from evonas.comparison import (
    Comparison,
    Record,
    Records,
    Terms,
    compared,
    draw_curves,
    find_contender,
    made_with,
    markdown,
    markdown_table,
    processes,
    record_of,
    run_all,
    spread,
)
from evonas.evolution import Candidate
from evonas.seeds import guarded
from evonas.tables import Figures, read_table

STRATEGIES = ("random", "aging", "non-aging", "tournament", "genetic", "hill-climbing", "local-search")
DEAP = "deap-mu-plus-lambda"

PUBLISHED = {
    "cifar10": {"aging": "93.92 ± 0.30", "random": "93.70 ± 0.36", "best": "94.37"},
    "cifar100": {"aging": "71.84 ± 0.99", "random": "71.04 ± 1.07", "best": "73.51"},
    "imagenet16": {"aging": "45.54 ± 1.03", "random": "44.57 ± 1.25", "best": "47.31"},
}
"""Dong and Yang 2020, Table 5, 500 runs each within a simulated time that is about 100 evaluations."""

PAPER_POINT = 100


class Loop:
    """What a toolbox of DEAP's evaluates, kept in order.

    Args:
        evaluate: The toolbox's.
        budget: Evaluations after which what comes is not kept.
    """

    def __init__(self, evaluate: Any, budget: int) -> None:
        self.evaluate, self.budget = evaluate, budget
        self.candidates: list[Candidate] = []

    def __call__(self, individual: Any) -> tuple[float]:
        """Evaluates an individual."""
        fitness: tuple[float] = self.evaluate(individual)
        if len(self.candidates) < self.budget:
            result = self.evaluate.func.results[-1]
            self.candidates.append(Candidate(len(self.candidates), individual.clone(), result))
        return fitness


def mu_plus_lambda(path: str, dataset: str, seed: int, budget: int, figures: Figures) -> Record:
    """One run of DEAP's own algorithm: 10 + 10, crossover 0.2, mutation 0.8."""
    began = time.perf_counter()
    toolbox = evonas.toolbox("nasbench201", dataset, table=path, seed=seed, budget=budget)
    loop = Loop(toolbox.evaluate, budget)
    toolbox.register("evaluate", loop)
    with guarded(seed):
        algorithms.eaMuPlusLambda(
            toolbox.population(n=10), toolbox, 10, 10, 0.2, 0.8, -(-budget // 10), verbose=False
        )
    return record_of(loop.candidates, DEAP, seed, figures, time.perf_counter() - began)


def searched(dataset: str, options: argparse.Namespace, budget: int) -> Comparison:
    """All searches of a dataset, as far as the folder has not got them."""
    path = str(options.table.resolve())
    figures = read_table(path).figures(dataset)
    shared = {"table": read_table(path).fingerprint, "dataset": dataset, "budget": budget}
    kept = Records(options.output / dataset / "searches.jsonl", shared)
    done = {(record.contender, record.seed) for record in kept.all}
    terms = Terms({"genome": "nasbench201", "dataset": dataset, "table": path, "budget": budget})
    contenders = [find_contender(name, "nasbench201") for name in options.strategies if name != DEAP]
    tasks = [(one, seed) for one in contenders for seed in range(options.seeds)]
    tasks = [task for task in tasks if (task[0].title, task[1]) not in done]
    began = time.perf_counter()
    run_all(tasks, terms, processes(options.jobs), kept, lambda record: None)
    if tasks:
        took = time.perf_counter() - began
        each = took * processes(options.jobs) / len(tasks) / budget
        print(
            f"# {dataset}: {len(tasks)} searches of {budget} in {took:.0f} s on {processes(options.jobs)} "
            f"processes, {1e3 * each:.2f} ms of a core for each evaluation",
            file=sys.stderr,
            flush=True,
        )
    for seed in range(options.seeds):
        if DEAP in options.strategies and (DEAP, seed) not in done:
            kept.add(mu_plus_lambda(path, dataset, seed, budget, figures))
    wanted = [record for record in kept.all if record.contender in options.strategies]
    records = [record for record in wanted if record.seed < options.seeds]
    order = {name: place for place, name in enumerate((*STRATEGIES, DEAP))}
    records.sort(key=lambda record: order[record.contender])
    return compared(records, (100, 300), figures, None, f"nasbench201 on {dataset}")


def beside_published(found: dict[str, Comparison]) -> str:
    """Test accuracy at each point, beside the published figures."""
    header = ["search"]
    for dataset, comparison in found.items():
        header += [f"{dataset}, at {point}" for point in comparison.points] + ["published"]
    lines = []
    for name in next(iter(found.values())).records:
        cells = [name]
        for dataset, comparison in found.items():
            cells += [spread(comparison.outcomes(point)[name]) for point in comparison.points]
            cells.append(PUBLISHED[dataset].get(name, "–"))
        lines.append(cells)
    best = ["best of the table"]
    for dataset, comparison in found.items():
        value = f"{100 * comparison.figures.best_test:.2f}" if comparison.figures else "–"
        best += [value, *("" for _ in comparison.points[1:]), PUBLISHED[dataset]["best"]]
    return markdown_table(header, [*lines, best])


def verdicts(found: dict[str, Comparison]) -> bool:
    """Prints whether evolution beats chance, and how far both are from the published means."""
    holds = True
    for dataset, comparison in found.items():
        if not {"aging", "random"} <= comparison.records.keys():
            continue
        values = comparison.outcomes(300)
        p = float(stats.mannwhitneyu(values["aging"], values["random"], alternative="greater").pvalue)
        holds = holds and p < 0.001
        early = comparison.outcomes(PAPER_POINT)
        gaps = {
            name: float(np.mean(early[name])) - float(PUBLISHED[dataset][name].split()[0])
            for name in ("aging", "random")
        }
        print(
            f"- {dataset}: aging evolution better than random search at 300 evaluations with p = {p:.1e}; at "
            f"{PAPER_POINT}, means differ from the published ones by {gaps['aging']:+.2f} (aging) and "
            f"{gaps['random']:+.2f} (random) points."
        )
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--table", type=Path, required=True, help="nasbench201.csv (see evonas table)")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--budget", type=int, default=1000, help="evaluations of each search on CIFAR-10")
    parser.add_argument("--budget-of-others", type=int, default=300, help="and on the other datasets")
    parser.add_argument("--datasets", nargs="+", choices=PUBLISHED, default=list(PUBLISHED))
    parser.add_argument("--strategies", nargs="+", choices=(*STRATEGIES, DEAP), default=[*STRATEGIES, DEAP])
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument(
        "--output", type=Path, default=Path("tabular"), help="folder for searches and figures"
    )
    options = parser.parse_args()
    budgets = {name: options.budget if name == "cifar10" else options.budget_of_others for name in PUBLISHED}
    found = {dataset: searched(dataset, options, budgets[dataset]) for dataset in options.datasets}
    print(f"Made with {made_with()}; {options.seeds} seeds.\n")
    print(beside_published(found), end="\n\n")
    holds = verdicts(found)
    for dataset, comparison in found.items():
        draw_curves(comparison, options.output / f"{dataset}.svg")
        (options.output / f"{dataset}.md").write_text(markdown(comparison), encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
