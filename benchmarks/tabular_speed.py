"""What one evaluation through the engine costs where fitness is a look-up: beside DEAP's eaSimple.

Both search the cells of NAS-Bench-201 over the table in this process, in turns: evonas with aging evolution,
in memory, one candidate at a time; DEAP with ``eaSimple`` on plain lists of numbers, its own tournament,
crossover and mutation, and the same look-up. The target is a ratio of at most 10 for one evaluation.

Run it as ``python benchmarks/tabular_speed.py --table nasbench201.csv``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from deap import algorithms, base, creator, tools

import evonas
from evonas.comparison import find_contender, made_with
from evonas.tables import read_table

TARGET = 10.0
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
STRATEGIES = ("aging", "random", "non-aging", "tournament", "genetic", "hill-climbing", "local-search")


def text_of(codes: list[int]) -> str:
    """A list of numbers as the benchmark's text."""
    a, b, c, d, e, f = (OPERATIONS[code] for code in codes)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def deap_seconds(fitness: Any, evaluations: int, seed: int) -> float:
    """Processor seconds of one evaluation in eaSimple, all evaluations counted that it makes."""
    toolbox = base.Toolbox()
    toolbox.register("code", random.randrange, len(OPERATIONS))  # noqa: TID251 - as DEAP's own operators
    toolbox.register("individual", tools.initRepeat, creator.Cell, toolbox.code, 6)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    made = 0

    def evaluate(individual: list[int]) -> tuple[float]:
        nonlocal made
        made += 1
        return (fitness[text_of(individual)],)

    toolbox.register("evaluate", evaluate)
    toolbox.register("mate", tools.cxUniform, indpb=0.5)
    toolbox.register("mutate", tools.mutUniformInt, low=0, up=len(OPERATIONS) - 1, indpb=1 / 6)
    toolbox.register("select", tools.selTournament, tournsize=3)
    random.seed(seed)
    began = time.process_time()
    while made < evaluations:
        algorithms.eaSimple(toolbox.population(n=50), toolbox, 0.2, 0.9, 20, verbose=False)
    return (time.process_time() - began) / made


def evonas_seconds(strategy: str, path: str, evaluations: int, seed: int) -> float:
    """Processor seconds of one evaluation in a whole search, its start included."""
    began = time.process_time()
    evonas.evolve(
        config=find_contender(strategy, "nasbench201").config,
        dataset="cifar10",
        table=path,
        budget=evaluations,
        seed=seed,
    )
    return (time.process_time() - began) / evaluations


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--evaluations", type=int, default=1000, help="of each search")
    parser.add_argument("--repeats", type=int, default=15, help="rounds, of which the median counts")
    options = parser.parse_args()
    path = str(options.table.resolve())
    creator.create("CellFitness", base.Fitness, weights=(1.0,))
    creator.create("Cell", list, fitness=creator.CellFitness)
    fitness = read_table(path).figures("cifar10").valid
    for strategy in STRATEGIES:
        evonas_seconds(strategy, path, 50, 0)  # imports and memories
    rounds: list[dict[str, float]] = []
    for turn in range(options.repeats):
        seconds = {"DEAP": deap_seconds(fitness, options.evaluations, turn)}
        for strategy in STRATEGIES:
            seconds[strategy] = evonas_seconds(strategy, path, options.evaluations, turn)
        rounds.append(seconds)
    print(f"Made with {made_with()}; median of {options.repeats} rounds, processor time.\n")
    print("| one evaluation by | µs | times DEAP's eaSimple | target | |\n| --- | ---: | ---: | ---: | --- |")
    print(f"| DEAP's `eaSimple` | {1e6 * statistics.median(one['DEAP'] for one in rounds):.0f} | 1.0 | | |")
    worst = 0.0
    for strategy in STRATEGIES:
        ratio = statistics.median(one[strategy] / one["DEAP"] for one in rounds)
        cost = 1e6 * statistics.median(one[strategy] for one in rounds)
        worst = max(worst, ratio)
        verdict = "pass" if ratio <= TARGET else "FAIL"
        print(f"| evonas, {strategy} | {cost:.0f} | {ratio:.1f} | {TARGET:.0f} | {verdict} |")
    return int(worst > TARGET)


if __name__ == "__main__":
    sys.exit(main())
