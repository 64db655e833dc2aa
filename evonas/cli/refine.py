"""`evonas refine`: hill climbing from a trained network, by morphisms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..files import expanded
from . import grouped, options
from .options import option
from .panels import HOW, IMAGES, LONG, OUTPUT, SEARCHED, TRAINING

if TYPE_CHECKING:
    from ..results import Individual

OFTEN = ("individual", "dataset", "budget", "epochs", "images", "max_time", "seed", "workers", "run")
"""Options that most people want: they come first in help."""
AS_SAID: tuple[str, ...] = (
    "budget",
    "epochs",
    "neighbours",
    "morphisms",
    "seed",
    "train_limit",
    "layout",
    "device",
)
AS_SAID += ("verify_morphisms", "without_damaged", "background")
"""Options that the library takes as they are, by the same names."""


def refine(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="DIR|MODEL.pt2", show_default=False, help="A run folder, or a trained model."),
    ],
    individual: options.Individual = None,
    dataset: options.Dataset = None,
    budget: Annotated[int | None, option("N", "Candidates, the given network included.", panel=LONG)] = None,
    epochs: Annotated[
        int | None, option("E", "Epochs of training for each neighbour.", panel=TRAINING)
    ] = None,
    neighbours: Annotated[
        int | None, option("K", "Neighbours in each step; the last is trained on only.", panel=HOW)
    ] = None,
    morphisms: Annotated[int | None, option("M", "Morphisms that make a neighbour.", panel=HOW)] = None,
    images: Annotated[
        str,
        typer.Option(
            metavar="normalised|unit|bytes",
            help="What images a model of your own reads.",
            rich_help_panel=IMAGES,
        ),
    ] = "normalised",
    run: Annotated[
        Path | None, option("DIR", "A new or empty folder; by default a fresh one in runs/.", panel=OUTPUT)
    ] = None,
    seed: Annotated[int | None, option("S", "The same seed gives the same search.", panel=HOW)] = None,
    config: Annotated[
        Path | None, option("FILE.toml", "Settings of your own, over the recipe nash-small.", panel=SEARCHED)
    ] = None,
    operators: options.Operators = None,
    verify_morphisms: options.Verify = False,
    max_time: options.MaxTime = None,
    layout: options.Layout = None,
    train_limit: options.TrainLimit = None,
    without_damaged: options.WithoutDamaged = False,
    background: options.Background = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    device: options.Device = None,
    workers: options.Workers = None,
    devices: options.Devices = None,
    per_device: options.PerDevice = None,
    device_memory: options.DeviceMemory = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    finish: options.Finish = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Grow a trained network: hill climbing by morphisms.

    Takes the best of any run, whatever its genome, or a model of your own that torch.export has saved. What
    it was given stays candidate 0, so the best is never worse on validation.
    """
    from ..refinement import Beginning, climb
    from ..settings import said
    from .conducted import read_conduct
    from .fresh import fresh_folder
    from .session import conduct
    from .targets import located

    conducted, data = read_conduct(context), grouped.data(context)
    asked = grouped.choices(context, *AS_SAID) | said(dataset=located(dataset), config=config)
    beginning = Beginning(_taken(source, individual), images)
    folder = run or fresh_folder("refined", expanded(source).resolve().stem)
    course = conducted.course(folder)
    conduct(
        folder,
        conducted.output,
        lambda onlookers: climb(
            beginning, asked, data, conducted.operators, replace(course, onlookers=onlookers)
        ),
    )


def _taken(source: str, number: int | None) -> Individual | Path:
    """The individual of a run folder, or the file of a model.

    Raises:
        UserError: It is neither.
    """
    from ..api import load
    from ..errors import UserError, after
    from ..run import meant_by

    path = expanded(source)
    if path.is_dir():
        result = load(path)
        return result.best if number is None else result.individual(number)
    if number is not None:
        raise UserError(f"--id: expected only with a run folder, got {number} with {source!r}")
    if not path.is_file():
        raise UserError(
            f"refine {source!r}: expected a run folder or a MODEL.pt2, found neither{after(meant_by(path))}"
        )
    return path
