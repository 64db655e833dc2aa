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
    from ..results import WEIGHTS

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
        return _final(folder / FINAL, folder)
    return _of_search(folder, number)


def _final(folder: Path, run: Path | None = None) -> tuple[Deployable, str]:
    from ..api import load
    from ..results import knowing_pixels, load_trained, trained_title

    trained = load_trained(folder)
    if trained.pixels is None and run is not None:  # it was trained before that was noted with it
        with closing((result := load(run)).journal):
            trained = knowing_pixels(trained, result)
    return trained.deployable(), trained_title(trained)


def _of_search(folder: Path, number: int | None) -> tuple[Deployable, str]:
    from ..api import load
    from ..results import chosen_network

    with closing((result := load(folder)).journal):
        network, title = chosen_network(result, "search", number)
        return network, f"{title} (evonas train trains it longer)"
