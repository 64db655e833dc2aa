"""`evonas draw`: a genotype, its network, or how a candidate came from its parent, as SVG or PNG."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError, nearest
from . import grouped, options
from .options import option
from .saying import say

if TYPE_CHECKING:
    from .targets import Target

KINDS = ("genotype", "network", "change", "mutation")


def draw(
    target: options.Target,
    output: Annotated[Path, option("FILE.svg|FILE.png", "PNG needs evonas[png].", "--output", "-o")],
    what: Annotated[
        str,
        typer.Option(
            metavar="|".join(KINDS),
            help="The cells that evolved, every layer, or what became of the parent's network, or cells.",
        ),
    ] = "genotype",
    individual: options.Individual = None,
    cells: options.Cells = None,
    filters: options.Filters = None,
    operators: options.OwnFiles = None,
) -> None:
    """Draw the best of a run, or a genotype, as SVG or PNG."""
    from ..evolution import draw_genotype
    from ..task import Task
    from .targets import find_target

    if what not in KINDS:
        raise UserError(f"--what {what!r} is unknown; {nearest(what, KINDS)}")
    grouped.bring(operators)
    found = find_target(target, individual)
    genome = found.resized(cells, filters)
    if what in ("change", "mutation"):
        _draw_change(found, output, cells=what == "mutation")
        return
    if what == "genotype":
        draw_genotype(genome, output, found.task)
        say(f"{output}: the genotype of {found.title}")
        return
    task = found.task or Task(3, 32, 32, 10)
    genome.space.check(task)
    architecture = genome.decode(task)
    architecture.draw(output)
    size = f"{task.channels}×{task.height}×{task.width} images, {task.classes} classes"
    parameters = f"{architecture.parameter_count():,} parameters"
    say(f"{output}: the network of {found.title} for {size}; {parameters}")


def _draw_change(found: Target, output: Path, *, cells: bool) -> None:
    """Draws a candidate beside the parent whose weights it began with: their networks, or their cells."""
    from ..api import load
    from ..drawing import change_caption, draw_cell_change, draw_change

    if found.run is None or found.candidate is None:
        raise UserError(f"--what: a change needs a candidate of a run, got {found.title}")
    with closing((result := load(found.run)).journal):
        child = result.individual(found.candidate)
        parents = child.genome.origin.parents
        if not parents:
            raise UserError(f"--what: candidate {child.id} has no parent, so nothing has changed")
        parent = result.individual(parents[0])
        caption = change_caption(child.candidate, parent.candidate)
        pictured = child.genome.pictured()
        if cells and pictured:
            draw_cell_change(parent.genome.pictured(), pictured, output, caption)
        else:
            draw_change(parent.architecture, child.architecture, output, caption)
    say(f"{output}: {found.title}, beside its parent {parent.id}")
