"""Aging evolution through the engine agrees with the algorithm written down in a few lines."""

from __future__ import annotations

import random
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from evonas.genomes.nasbench201.cell import OPERATIONS, write
from scipy.stats import ks_2samp, mannwhitneyu

from evonas.comparison.contender import find_contender
from evonas.comparison.kept import Records
from evonas.comparison.record import Record
from evonas.comparison.running import Terms, run_all, run_one
from evonas.comparison.statistics import at
from evonas.tables import Figures, read_table

POPULATION, SAMPLE = 10, 3


def reference(figures: Figures, seed: int, budget: int) -> float:
    """Real et al. 2019, Algorithm 1: the test accuracy of the best of the history, in percent."""
    rng = random.Random(seed)
    population: deque[tuple[float, list[str]]] = deque()
    history = []
    for number in range(budget):
        if number < POPULATION:
            child = [rng.choice(OPERATIONS) for _ in range(6)]
        else:
            child = list(max((rng.choice(population) for _ in range(SAMPLE)), key=lambda one: one[0])[1])
            edge = rng.randrange(6)
            child[edge] = rng.choice([one for one in OPERATIONS if one != child[edge]])
        population.append((figures.valid[write(tuple(child))], child))
        history.append(population[-1])
        if len(population) > POPULATION:
            population.popleft()
    return 100 * figures.test[write(tuple(max(history, key=lambda one: one[0])[1]))]


def searched(name: str, table: Path, dataset: str, budget: int, seed: int) -> float:
    terms = Terms({"genome": "nasbench201", "dataset": dataset, "table": str(table), "budget": budget})
    record = run_one(find_contender(name, "nasbench201"), seed, terms)
    return float(100 * at([record], [budget], "test")[0, 0])


def test_the_same_distribution(made_table: Path) -> None:
    """On made-up accuracies, 40 seeds: what a slip in the algorithm would show in already."""
    figures = read_table(made_table).figures("toy")
    ours = [searched("aging", made_table, "toy", 150, seed) for seed in range(40)]
    theirs = [reference(figures, seed, 150) for seed in range(400)]
    assert ks_2samp(ours, theirs).pvalue > 0.01
    chance = [searched("random", made_table, "toy", 150, seed) for seed in range(40)]
    assert mannwhitneyu(ours, chance, alternative="greater").pvalue < 0.001


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "imagenet16"])
def test_500_seeds_on_the_benchmark(whole_table: Path, tmp_path: Path, dataset: str) -> None:
    """The same distribution, better than chance, and as near to the published means as a plain loop."""
    figures = read_table(whole_table).figures(dataset)
    terms = Terms({"genome": "nasbench201", "dataset": dataset, "table": str(whole_table), "budget": 300})
    contenders = [find_contender(name, "nasbench201") for name in ("aging", "random")]
    records: dict[str, list[Record]] = {contender.title: [] for contender in contenders}
    tasks = [(contender, seed) for contender in contenders for seed in range(500)]
    kept = Records(tmp_path / "records.jsonl", {})
    run_all(tasks, terms, 2, kept, lambda record: records[record.contender].append(record))
    ours, chance = (100 * at(found, [300], "test")[:, 0] for found in records.values())
    theirs = np.array([reference(figures, seed, 300) for seed in range(500)])
    assert ks_2samp(ours, theirs).pvalue > 0.01
    assert mannwhitneyu(ours, chance, alternative="greater").pvalue < 0.001


PUBLISHED = {"cifar10": (93.92, 93.70), "cifar100": (71.84, 71.04), "imagenet16": (45.54, 44.57)}
"""Aging evolution and random search (Dong and Yang 2020, Table 5)."""


@pytest.mark.slow
@pytest.mark.parametrize("dataset", PUBLISHED)
def test_near_the_published_means(whole_table: Path, dataset: str) -> None:
    terms = Terms({"genome": "nasbench201", "dataset": dataset, "table": str(whole_table), "budget": 100})
    for name, published in zip(("aging", "random"), PUBLISHED[dataset], strict=True):
        contender = find_contender(name, "nasbench201")
        records = [run_one(contender, seed, terms) for seed in range(200)]
        mean = 100 * at(records, [100], "test").mean()
        spread = 100 * at(records, [100], "test").std() / 200**0.5
        assert abs(mean - published) < 0.4 + 2 * spread
