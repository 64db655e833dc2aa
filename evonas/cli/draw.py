"""`evonas draw`: a genotype or its network as an SVG file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UserError, nearest
from . import options
from .options import option

KINDS = ("genotype", "network")


def draw(
    target: options.Target,
    output: Annotated[Path, option("FILE.svg", "Where to.", "--output", "-o")],
    what: Annotated[
        str, typer.Option(metavar="genotype|network", help="The cells that evolved, or every layer.")
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
