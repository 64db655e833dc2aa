"""Runs with made results: what a search leaves behind, without the training.

For tests and measurements of what reads runs. The search, the journal and the genomes are real; only what an
evaluation gives is a formula.
"""

from __future__ import annotations

import random
from collections import deque
from pathlib import Path

from ..evolution import DONE, FAILED, Result
from ..run import Run
from ..search import Job
from ..search.executors import Executor
from ..settings import DataChoice, Fitness, OperatorChoice, compose, resolve, search_for, workbench

FAILING = 50
"""One candidate in so many fails."""


class MadeExecutor(Executor):
    """Gives each candidate a fitness that mostly grows with its parent's, and a size, by its seed alone.

    Args:
        epochs: Points of each learning curve.
    """

    def __init__(self, epochs: int = 3) -> None:
        self.epochs = epochs
        self._waiting: deque[int] = deque()
        self._results: dict[int, Result] = {}
        self._fitness: dict[int, float] = {}

    def submit(self, job: Job) -> None:
        self._waiting.append(job.number)
        self._results[job.number] = self._made(job)

    def result(self, number: int) -> Result:
        self._waiting.remove(number)
        return self._results.pop(number)

    def next_ended(self) -> int:
        return self._waiting[0]

    def _made(self, job: Job) -> Result:
        rng = random.Random(f"{job.seed} {job.number}")
        seconds = rng.lognormvariate(1, 0.5)
        if rng.random() < 1 / FAILING:
            reason = rng.choice(["out of memory", "the loss is not a number", "ended after the 60 s allowed"])
            return Result(FAILED, reason=reason, seconds=seconds)
        parents = job.genome.origin.parents
        before = self._fitness.get(parents[0], 0.3) if parents else rng.uniform(0.2, 0.5)
        fitness = min(0.99, max(0.05, before + rng.gauss(0.002, 0.02)))
        self._fitness[job.number] = fitness
        curve = tuple(
            (2.3 * (1 - fitness) + 1 / (epoch + 1), None if epoch + 1 < self.epochs else fitness)
            for epoch in range(self.epochs)
        )
        parameters = round(20_000 * 10 ** rng.uniform(0, 1.5))
        return Result(
            DONE,
            fitness,
            metrics={"accuracy_before": 0.1 if not parents else max(0.1, before - 0.1), "loss": 1 - fitness},
            parameters=parameters,
            flops=parameters * rng.randint(20, 60),
            inherited=rng.uniform(0.5, 1) if parents else 0.0,
            lineage_epochs=float(self.epochs * (1 + job.number // 50)),
            seconds=seconds,
            curve=curve,
        )


def make_run(folder: Path, genome: str = "amoeba", budget: int = 200, seed: int = 0) -> Path:
    """Writes a run folder by a real search with made results.

    Args:
        folder: New or empty.
        genome: Its name.
        budget: Candidates.
        seed: Of the search.

    Returns:
        The folder.
    """
    settings = resolve(compose(genome, None, {"budget": budget, "seed": seed, "device": "cpu"}), True)
    bench = workbench(settings, Fitness(), DataChoice())
    if bench.task is not None:
        settings = settings.for_task(bench.task)
    choice = OperatorChoice((), None)
    facts = {**bench.facts, "variation": choice.described(settings), "fitness": "training", "data_dir": None}
    with Run.create(folder, settings, **facts) as run:
        search_for(settings, MadeExecutor(), run.journal, run.store, choice, None, lambda _: None).run()
    return folder
