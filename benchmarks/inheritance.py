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
import statistics
import sys
from pathlib import Path

from inheritance_figure import draw
from inheritance_parents import FAMILIES
from inheritance_study import PARENT, SHARE, Log, Study
from subset import add_options, subset_of, versions

from evonas.inheritance import MODES


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
