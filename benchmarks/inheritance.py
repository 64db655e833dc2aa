"""What inheritance saves: children that start with their parent's weights, beside the same ones from scratch.

Each parent is trained on a subset of images. Then children are made by one morphism each (of NASH's first
model, ten for each kind) or by one mutation each (of the other genomes, ten), and each child is trained
several times: from scratch for E epochs, and with each mode of inheritance for a third of that. Every such
training is one of its own, with a learning rate that falls along a cosine over its own length, as in a
search: no accuracy is read off in the middle of another training. The same child has the same seeds in all.
Compared are medians over children. The pool of ``pool`` holds the parent's weights alone.

Where a mode does not reach in E/3 epochs what E epochs from scratch give, it is trained longer, for the true
ratio. Epochs that were needed are interpolated between trainings, that of no epochs included.

Run it as ``python benchmarks/inheritance.py --data cifar10.npz --log inheritance.jsonl``. It prints tables in
Markdown, draws Net2Net's figure (Chen et al. 2016, Figure 4) and exits with status 1 where ``morph`` misses.
Each finished training is a line of the log; what is in the log is not done again, so that parents can also be
measured one by one, or side by side.
"""

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

from inheritance_figure import draw
from inheritance_parents import FAMILIES, Family
from subset import Subset, add_options, compute_of, subset_of, versions

from evonas.errors import NotApplicable, UserError
from evonas.evolution.candidate import Result
from evonas.evolution.genome import Genome
from evonas.inheritance.modes import MODES
from evonas.search.evaluation import Job, Parent, Shared
from evonas.training.evaluator import TrainingEvaluator
from evonas.training.plan import Plan

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


def needed(curve: list[tuple[int, float]], goal: float) -> float | None:
    """Epochs until a curve reaches an accuracy, between its points by a straight line; None if it does not.

    >>> needed([(0, 0.1), (1, 0.3), (2, 0.5)], 0.4)
    1.5
    """
    for place, (epochs, accuracy) in enumerate(curve):
        if accuracy >= goal:
            if not place:
                return float(epochs)
            before, lower = curve[place - 1]
            return before + (epochs - before) * (goal - lower) / (accuracy - lower)
    return None


def line(study: Study, title: str, mode: str, kinds: list[str]) -> tuple[str, bool]:
    """One line of a table, and whether the mode held for all E."""
    curve, held = study.curve(mode, kinds), True
    rows = [row for row in study.log.rows.values() if row.kind in kinds and row.family == study.name]
    count = len({(row.kind, row.child) for row in rows if row.arm == mode})
    share = statistics.median(row.inherited for row in rows if row.arm == mode)
    cells = [title, mode, str(count), f"{100 * share:.0f} %", f"{100 * dict(curve)[0]:.1f} %"]
    for goal in study.options.epochs:
        third, wanted = max(1, goal // SHARE), study.goal(goal, kinds)
        good = dict(curve)[third] >= wanted
        took = needed([point for point in curve if good or point[0] >= third], wanted)
        sign, took = (">", curve[-1][0]) if took is None else ("", took)
        held = held and good
        cells += [f"{100 * dict(curve)[third]:.1f} / {100 * wanted:.1f} %"]
        cells += [f"{sign}{took:.1f} ({sign}{took / goal:.2f}{'' if good else ', **missed**'})"]
    return "| " + " | ".join(cells) + " |", held


def table(lines: list[str], goals: list[int], first: str) -> None:
    """Prints lines under their heads."""
    heads = [first, "mode", "children", "inherited", "before training"]
    for goal in goals:
        heads += [f"after {max(1, goal // SHARE)} / from scratch after {goal}", f"epochs needed (of {goal})"]
    print("| " + " | ".join(heads) + " |\n| --- | --- |" + " ---: |" * (len(heads) - 2))
    print("\n".join(lines) + "\n")


def report(studies: list[Study], options: argparse.Namespace) -> bool:
    """Prints what was found; returns whether `morph` held everywhere."""
    lines, morphisms, ok = [], [], True
    for study in studies:
        for number, mode in enumerate(options.modes):
            text, held = line(study, "" if number else study.family.title, mode, study.kinds)
            lines.append(text)
            ok = ok and (held or mode != "morph")
            if mode == options.modes[0] and len(study.kinds) > 1:
                morphisms += [line(study, kind, mode, [kind])[0] for kind in study.kinds]
    print("| parent | parameters | epochs of training | accuracy |\n| --- |" + " ---: |" * 3)
    for study in studies:
        row = study.log.rows[study.name, PARENT, 0, PARENT, options.parent_epochs]
        size = study.genome.decode(study.subset.task).parameter_count()
        cells = study.family.title, f"{size:,}", str(row.epochs), f"{100 * row.accuracy:.1f} %"
        print(f"| {' | '.join(cells)} |")
    print()
    table(lines, options.epochs, "parent")
    if morphisms:
        table(morphisms, options.epochs, "morphism")
    return ok


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_options(parser, 2000, 1000, 16)
    parser.add_argument("--parents", nargs="+", choices=FAMILIES, default=["graph", "amoeba", "large-scale"])
    parser.add_argument("--children", type=int, default=10, help="of each morphism, or of each parent")
    modes = [mode for mode in MODES if mode != "none"]
    parser.add_argument("--modes", nargs="+", choices=modes, default=["morph", "match", "remap", "pool"])
    parser.add_argument("--parent-epochs", type=int, default=10)
    parser.add_argument("--epochs", type=int, nargs="+", default=[3, 6], help="E, from scratch")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--log", type=Path, default=Path("inheritance.jsonl"))
    parser.add_argument("--figure", type=Path, help="where to draw, .svg or .png")
    parser.add_argument("--report", action="store_true", help="only report what is in the log")
    options = parser.parse_args()
    subset = subset_of(options)
    choices = ("images", "validation", "size", "seed", "parent_epochs", "learning_rate")
    log = Log(options.log, {name: getattr(options, name) for name in choices})
    studies = [Study(name, subset, log, options) for name in options.parents]
    for study in studies:
        study.run()
    print(f"{options.data}: {subset}; {versions(studies[0].compute)}; seed {options.seed}\n")
    ok = report(studies, options)
    if options.figure:
        draw(studies, options.modes, options.figure)
    return int(not ok)


if __name__ == "__main__":
    sys.exit(main())
