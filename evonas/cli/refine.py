"""`evonas refine`: hill climbing from a trained network, by morphisms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .options import option

if TYPE_CHECKING:
    from ..api import Metered, Started
    from ..results import Individual, SearchResult
    from ..settings import Watch


def refine(
    source: Annotated[
        str,
        typer.Argument(metavar="DIR|MODEL.pt2", show_default=False, help="A run folder, or a trained model."),
    ],
    individual: options.Individual = None,
    dataset: options.Dataset = None,
    budget: Annotated[int | None, option("N", "Candidates, the given network included.")] = None,
    epochs: Annotated[int | None, option("E", "Epochs of training for each neighbour.")] = None,
    neighbours: Annotated[
        int | None, option("K", "Neighbours in each step; the last is trained on only.")
    ] = None,
    morphisms: Annotated[int | None, option("M", "Morphisms that make a neighbour.")] = None,
    images: Annotated[
        str, typer.Option(metavar="normalised|unit|bytes", help="What images a model of your own reads.")
    ] = "normalised",
    run: Annotated[
        Path | None, option("DIR", "A new or empty folder; by default a fresh one in runs/.")
    ] = None,
    seed: Annotated[int | None, option("S", "The same seed gives the same search.")] = None,
    config: Annotated[
        Path | None, option("FILE.toml", "Settings of your own, over the recipe nash-small.")
    ] = None,
    operators: options.Operators = None,
    verify_morphisms: options.Verify = False,
    max_time: options.MaxTime = None,
    train_limit: options.TrainLimit = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    device: options.Device = None,
    workers: options.Workers = None,
    devices: options.Devices = None,
    per_device: options.PerDevice = None,
    device_memory: options.DeviceMemory = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Grow a trained network: hill climbing by morphisms.

    Takes the best of any run, whatever its genome, or a model of your own that torch.export has saved. What
    it was given stays candidate 0, so the best is never worse on validation.
    """
    from ..evolution import operators_from
    from ..refinement import refine as climb
    from .fresh import fresh_folder
    from .session import Output, conduct
    from .targets import located
    from .workforce import read_options

    output = Output(quiet, as_json, max_time)
    limit = output.seconds
    force = read_options(workers, devices, per_device, device_memory, timeout, ray)
    choices = {
        "budget": budget,
        "epochs": epochs,
        "neighbours": neighbours,
        "morphisms": morphisms,
        "seed": seed,
        "train_limit": train_limit,
        "device": device,
        "verify_morphisms": verify_morphisms or None,
    }
    given: dict[str, Any] = {key: value for key, value in choices.items() if value is not None}
    brought = operators_from(operators or ())
    taken = _taken(source, individual)
    stem = Path(source).expanduser().resolve().stem
    folder = run or fresh_folder("refined", stem)

    def begin(watch: Watch, started: Started, meter: Metered) -> SearchResult:
        return climb(
            taken,
            located(dataset),
            run=folder,
            images=images,
            operators=brought,
            config=config,
            data_dir=None if data_dir is None else data_dir.expanduser().resolve(),
            download=download,
            max_seconds=limit,
            watch=watch,
            started=started,
            meter=meter,
            **force,
            **given,
        )

    conduct(folder, output, begin)


def _taken(source: str, number: int | None) -> Individual | Path:
    """The individual of a run folder, or the file of a model.

    Raises:
        UserError: It is neither.
    """
    from ..api import load
    from ..errors import UserError, after
    from ..run import meant_by

    path = Path(source).expanduser()
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
