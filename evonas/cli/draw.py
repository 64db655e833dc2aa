"""`evonas draw`: a genotype, its network, or how a candidate came from its parent, as an SVG file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError, nearest
from . import options
from .options import option

if TYPE_CHECKING:
    from .targets import Target

KINDS = ("genotype", "network", "change")


def draw(
    target: options.Target,
    output: Annotated[Path, option("FILE.svg", "Where to.", "--output", "-o")],
    what: Annotated[
        str,
        typer.Option(
            metavar="genotype|network|change",
            help="The cells that evolved, every layer, or what became of the parent's network.",
        ),
    ] = "genotype",
    individual: options.Individual = None,
    cells: options.Cells = None,
    filters: options.Filters = None,
) -> None:
    """Draw the best of a run, or a genotype, as SVG."""
    from ..task import Task
    from .targets import find_target

    if what not in KINDS:
        raise UserError(f"what {what!r} is unknown; {nearest(what, KINDS)}")
    found = find_target(target, individual)
    genome = found.resized(cells, filters)
    if what == "change":
        _draw_change(found, output)
        return
    if what == "genotype":
        genome.draw(output)
        print(f"{output}: the genotype of {found.title}")
        return
    task = found.task or Task(3, 32, 32, 10)
    genome.space.check(task)
    architecture = genome.decode(task)
    architecture.draw(output)
    size = f"{task.channels}×{task.height}×{task.width} images, {task.classes} classes"
    parameters = f"{architecture.parameter_count():,} parameters"
    print(f"{output}: the network of {found.title} for {size}; {parameters}")


def _draw_change(found: Target, output: Path) -> None:
    """Draws a candidate's network beside that of the parent whose weights it began with."""
    from ..api import load
    from ..drawing import draw_change

    if found.run is None or found.candidate is None:
        raise UserError(f"what: a change needs a candidate of a run, got {found.title}")
    with closing((result := load(found.run)).journal):
        child = result.individual(found.candidate)
        origin = child.genome.origin
        if not origin.parents:
            raise UserError(f"what: candidate {child.id} has no parent, so nothing has changed")
        parent = result.individual(origin.parents[0])
        steps = [morphism.describe() for morphism in origin.morphisms] or [origin.operator]
        heading = f"Candidate {child.id}, a child of candidate {parent.id}"
        if len(steps) == 1:
            caption = [f"{heading}: {steps[0]}"]
        else:
            caption = [heading, *(f"{number}. {step}" for number, step in enumerate(steps, 1))]
        draw_change(parent.architecture, child.architecture, output, caption)
    print(f"{output}: {found.title}, beside its parent {parent.id}")
