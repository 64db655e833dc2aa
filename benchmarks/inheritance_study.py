"""A parent and its children, trained with each mode of inheritance: the log and the curves."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from inheritance_parents import FAMILIES, Family
from subset import Subset, compute_of

from evonas.errors import NotApplicable, UserError
from evonas.evolution import Genome, Result
from evonas.search import Job, Parent, Shared
from evonas.training import Plan, TrainingEvaluator

SCRATCH, PARENT = "scratch", "parent"
SHARE = 3
"""Children that inherit are to need at most one part in so many of the epochs."""


@dataclass(frozen=True)
class Row:
    """One training.

    Attributes:
        family: The parent's.
        kind: The group of operators that made the child; ``parent`` for the parent itself.
        child: Its number in the group.
        arm: A mode of inheritance, or ``scratch``.
        epochs: Of this training.
        accuracy: On validation images, afterwards.
        before: Likewise, before it.
        inherited: The share of the child's parameters.
        seconds: Of training.
    """

    family: str
    kind: str
    child: int
    arm: str
    epochs: int
    accuracy: float
    before: float | None
    inherited: float
    seconds: float


class Log:
    """Finished trainings, in a file of one JSON object a line, the settings first."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path = path
        self.rows: dict[tuple[Any, ...], Row] = {}
        if not path.exists():
            path.write_text(json.dumps(settings) + "\n", encoding="utf-8")
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        if json.loads(first) != settings:
            raise UserError(f"log {path}: expected the settings {settings}, got {first}")
        for line in lines:
            self._keep(Row(**json.loads(line)))

    def _keep(self, row: Row) -> None:
        self.rows[row.family, row.kind, row.child, row.arm, row.epochs] = row

    def add(self, row: Row) -> None:
        self._keep(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")

    def of(self, family: str, kinds: list[str], arm: str, epochs: int) -> list[Row]:
        """The rows of one arm and length."""
        found = self.rows.values()
        return [r for r in found if (r.family, r.arm, r.epochs) == (family, arm, epochs) and r.kind in kinds]


class Study:
    """One parent and its children."""

    def __init__(self, name: str, subset: Subset, log: Log, options: argparse.Namespace) -> None:
        self.name, self.subset, self.log, self.options = name, subset, log, options
        self.compute = compute_of(options, separable=True)
        self.family: Family = FAMILIES[name]
        self.genome = self.family.make(subset.task)
        self.genome.number = 0
        self.children = list(self._children())
        self.kinds = list(dict.fromkeys(kind for kind, _, _ in self.children))

    def _children(self) -> Iterator[tuple[str, int, Genome]]:
        for kind in self.family.kinds:
            for number in range(self.options.children):
                try:
                    child = self.family.child(self.genome, kind, number, self.options.seed, self.subset.task)
                except NotApplicable as why:
                    print(f"# {self.name}: {why}", file=sys.stderr)
                    break
                yield kind, number, child

    def _trained(self, job: Job, arm: str, epochs: int) -> Result:
        plan = Plan(epochs=epochs, learning_rate=self.options.learning_rate)
        mode = "none" if arm in (SCRATCH, PARENT) else arm
        data = self.subset
        evaluator = TrainingEvaluator(
            data.split, data.statistics, data.task, plan, self.compute, data.mirror, mode
        )
        return evaluator.evaluate(job)

    @cached_property
    def parent(self) -> Parent:
        """The parent, trained."""
        epochs = self.options.parent_epochs
        result = self._trained(Job(0, self.genome, self.options.seed), PARENT, epochs)
        if (self.name, PARENT, 0, PARENT, epochs) not in self.log.rows:
            self._note(PARENT, 0, PARENT, epochs, result)
        return Parent(self.genome, float(epochs), lambda: result.weights)

    def _note(self, kind: str, child: int, arm: str, epochs: int, result: Result) -> None:
        self.log.add(
            Row(
                self.name,
                kind,
                child,
                arm,
                epochs,
                result.fitness or 0.0,
                result.metrics.get("accuracy_before"),
                result.inherited or 0.0,
                round(result.metrics["training_seconds"], 2),
            )
        )

    def train(self, arm: str, lengths: list[int]) -> None:
        """Trains all children for each of the lengths, as far as the log has not got them."""
        for place, (kind, number, child) in enumerate(self.children, 1):
            for epochs in lengths:
                if (self.name, kind, number, arm, epochs) in self.log.rows:
                    continue
                weights = self.parent.load_weights() or {}
                shared = Shared(weights, self.parent.lineage_epochs) if arm == "pool" else None
                job = Job(place, child, self.options.seed, None if arm == SCRATCH else self.parent, shared)
                self._note(kind, number, arm, epochs, self._trained(job, arm, epochs))
        print(f"# {self.name}: {arm}, {lengths} epochs", file=sys.stderr, flush=True)

    def run(self) -> None:
        """All trainings, the longer ones of a mode where the shorter ones do not suffice."""
        if self.options.report:
            return
        goals = self.options.epochs
        self.train(SCRATCH, sorted({1, *goals}))
        for mode in self.options.modes:
            self.train(mode, sorted({max(1, goal // SHARE) for goal in goals}))
        for mode in self.options.modes:
            for longer in range(1 + max(goals) // SHARE, max(goals) + 1):
                if any(self._misses(mode, goal) for goal in goals):
                    self.train(mode, [longer])

    def _misses(self, mode: str, goal: int) -> bool:
        """Whether no training of at least E/3 epochs has reached what E epochs from scratch give."""
        wanted = self.goal(goal, self.kinds)
        trained = [accuracy for epochs, accuracy in self.curve(mode, self.kinds) if epochs >= goal // SHARE]
        return max(trained) < wanted

    def curve(self, arm: str, kinds: list[str]) -> list[tuple[int, float]]:
        """Median accuracy by epochs, before training included."""
        points: list[tuple[int, float]] = []
        for epochs in range(1, max(self.options.epochs) + 1):
            rows = self.log.of(self.name, kinds, arm, epochs)
            if not rows:
                continue
            if not points and arm != SCRATCH:
                points.append((0, statistics.median(row.before or 0.0 for row in rows)))
            points.append((epochs, statistics.median(row.accuracy for row in rows)))
        return points

    def goal(self, epochs: int, kinds: list[str]) -> float:
        """Median accuracy of the children from scratch."""
        return dict(self.curve(SCRATCH, kinds))[epochs]
