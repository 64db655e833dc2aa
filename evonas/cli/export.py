"""`evonas export`: a trained network that runs without evonas."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError, nearest
from ..files import as_path, expanded
from . import grouped, options
from .options import option
from .saying import say

if TYPE_CHECKING:
    from ..network import Deployable

WEIGHTS = ("auto", "final", "search")


def export(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", show_default=False, help="A run folder, or one that evonas train made."
        ),
    ],
    to: Annotated[str, option("python|pt2|onnx", "What kind of file.")],
    output: Annotated[Path, option("FILE", "Where to.", "--output", "-o")],
    weights: Annotated[
        str,
        typer.Option(
            metavar="auto|final|search",
            help="Those of evonas train, or those that the search left; auto: the former if there are any.",
        ),
    ] = "auto",
    individual: options.Individual = None,
    operators: options.OwnFiles = None,
) -> None:
    """Write the best network to a file that runs without evonas."""
    from ..network.export import FORMATS, how_to_use
    from ..network.export import export as write

    if to not in FORMATS:
        raise UserError(f"--to {to!r} is unknown; {nearest(to, FORMATS)}")
    if weights not in WEIGHTS:
        raise UserError(f"--weights {weights!r} is unknown; {nearest(weights, WEIGHTS)}")
    grouped.bring(operators)
    network, title = _chosen(expanded(folder), weights, individual)
    files = write(network, to, expanded(output))
    say(f"exported {title}")
    for file in files:
        say(f"  {file}  {file.stat().st_size:,} bytes")
    for line in how_to_use(network, to, files[0]):
        say(line)


def refuse_genotype(folder: Path) -> None:
    """A genotype in place of a folder: there is nothing trained that could be written.

    Raises:
        UserError: It is one, or no folder can be called that.
    """
    from ..settings import kinds_reading, published_genotype

    text = str(folder)
    if as_path(text) is None or not folder.exists():
        kinds = kinds_reading(text)
        if kinds or published_genotype(text)[0] is not None:
            raise UserError(
                f"expected a run folder, or one that evonas train made, got a genotype, {text!r:.60}: "
                "it has no weights; evonas train makes a network of it that can be exported"
            )


def _chosen(folder: Path, weights: str, number: int | None) -> tuple[Deployable, str]:
    """The network to write, and what it is.

    Raises:
        UserError: There is no such one.
    """
    from ..run import DESCRIPTION, FINAL
    from .targets import is_trained

    refuse_genotype(folder)
    if number is not None and weights == "final":
        raise UserError(f"--id: expected only with weights of the search, got {number} with --weights final")
    if is_trained(folder):
        if weights == "search" or number is not None:
            raise UserError(f"--weights: {folder} holds a finally trained network alone, and no search")
        return _final(folder)
    finished = (folder / FINAL / DESCRIPTION).is_file()
    if weights == "final" and not finished:
        raise UserError(
            f"--weights: expected a trained network in {folder / FINAL}, got none; evonas train makes it"
        )
    if finished and weights != "search" and number is None:
        return _final(folder / FINAL)
    return _of_search(folder, number)


def _final(folder: Path) -> tuple[Deployable, str]:
    from ..results import load_trained

    trained = load_trained(folder)
    report = trained.report
    which = "" if report.get("candidate") is None else f" of candidate {report['candidate']}"
    accuracy = f", test accuracy {report['test_accuracy']:.4f}" if "test_accuracy" in report else ""
    return trained.deployable(), f"the finally trained network{which}{accuracy}"


def _of_search(folder: Path, number: int | None) -> tuple[Deployable, str]:
    from ..api import load
    from .page import fitness_text

    with closing((result := load(folder)).journal):
        individual = result.best if number is None else result.individual(number)
        title = f"candidate {individual.id} as the search left it, fitness {fitness_text(individual.fitness)}"
        return individual.deployable(), f"{title} (evonas train trains it longer)"
