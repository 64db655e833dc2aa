"""`evonas evolve` begins a search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..files import expanded
from . import grouped, options
from .options import option
from .panels import HOW, LONG, OUTPUT, RARE, SEARCHED, TRAINING, WHERE

if TYPE_CHECKING:
    from ..settings import Recipe

OFTEN = (
    *("genome", "dataset", "recipe", "strategy", "budget"),
    *("epochs", "max_time", "seed", "workers", "run"),
)
"""Options that most people want: they come first in help."""
AS_SAID: tuple[str, ...] = (
    "genome",
    "recipe",
    "budget",
    "epochs",
    "seed",
    "inherit",
    "strategy",
    "population",
    "sample",
)
AS_SAID += ("unique", "verify_morphisms", "keep", "train_limit", "layout", "max_memory", "device", "threads")
AS_SAID += ("look_ahead", "asynchronous", "without_damaged", "background")
"""Options that the library takes as they are, by the same names."""


def evolve(
    context: typer.Context,
    genome: Annotated[
        str | None, option("NAME", "What is evolved (evonas list genomes).", panel=SEARCHED)
    ] = None,
    recipe: Annotated[
        str | None,
        option(
            "NAME",
            "Settings by name (evonas list recipes); by default the genome's small ones.",
            panel=SEARCHED,
        ),
    ] = None,
    dataset: options.Dataset = None,
    budget: Annotated[int | None, option("N", "Candidates to evaluate.", panel=LONG)] = None,
    epochs: Annotated[
        int | None, option("E", "Epochs of training for each candidate.", panel=TRAINING)
    ] = None,
    seed: Annotated[int | None, option("S", "The same seed gives the same search.", panel=HOW)] = None,
    run: Annotated[
        Path | None,
        option("DIR", "A new or empty folder for the run; by default a fresh one in runs/.", panel=OUTPUT),
    ] = None,
    inherit: Annotated[
        str | None, option("MODE", "How children begin: match, morph, remap, pool or none.", panel=TRAINING)
    ] = None,
    start: Annotated[
        str | None,
        option(
            "GENOTYPE",
            "Begin from a published genotype, one as text, a FILE.json, or another run's best.",
            panel=SEARCHED,
        ),
    ] = None,
    max_time: options.MaxTime = None,
    table: Annotated[
        Path | None,
        option(
            "FILE.csv",
            "Look fitness up in a table of trained networks (evonas table); nothing is trained.",
            panel=TRAINING,
        ),
    ] = None,
    strategy: Annotated[
        str | None, option("NAME", "The algorithm (evonas list strategies).", panel=HOW)
    ] = None,
    population: Annotated[int | None, option("P", "Individuals that are alive at a time.", panel=HOW)] = None,
    sample: Annotated[
        int | None, option("S", "Individuals of which the best becomes a parent.", panel=HOW)
    ] = None,
    operators: options.Operators = None,
    unique: Annotated[
        bool,
        typer.Option(
            "--unique", help="Evaluate no genotype twice, as far as asking again helps.", rich_help_panel=HOW
        ),
    ] = False,
    verify_morphisms: options.Verify = False,
    keep: options.Keep = None,
    refine: Annotated[
        int | None,
        option("N", "Afterwards, climb from the best by morphisms: N candidates, in DIR/refined.", panel=HOW),
    ] = None,
    config: Annotated[
        Path | None,
        option("FILE.toml", "Settings of your own, laid over the genome's recipe.", panel=SEARCHED),
    ] = None,
    layout: options.Layout = None,
    train_limit: options.TrainLimit = None,
    without_damaged: options.WithoutDamaged = False,
    background: options.Background = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    max_parameters: options.MaxParameters = None,
    max_flops: options.MaxFlops = None,
    max_memory: options.MaxMemory = None,
    device: options.Device = None,
    threads: Annotated[
        int | None, option("T", "Threads on a CPU; results depend on it.", panel=WHERE)
    ] = None,
    look_ahead: Annotated[
        int | None,
        option("L", "Candidates begun before the oldest has ended; results depend on it.", panel=RARE),
    ] = None,
    workers: options.Workers = None,
    devices: options.Devices = None,
    per_device: options.PerDevice = None,
    device_memory: options.DeviceMemory = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    asynchronous: Annotated[
        bool,
        typer.Option(
            "--asynchronous",
            help="Tell results as they come: no worker waits for another.",
            rich_help_panel=RARE,
        ),
    ] = False,
    csv: options.Csv = None,
    tensorboard: options.TensorBoard = False,
    mlflow: options.Mlflow = None,
    finish: options.Finish = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Search for a network.

    Genotypes evolve: each is trained for a short while, and the best have children. What no option says
    comes from the genome's recipe (evonas list recipes); for amoeba these are 40 small networks on the
    embedded digits, some minutes on a laptop.
    """
    from ..api import search
    from ..settings import OperatorChoice, read_order, said
    from .conducted import read_conduct
    from .figures import read_limit
    from .session import conduct
    from .targets import located, read_start

    conducted, data = read_conduct(context), grouped.data(context)
    asked = grouped.choices(context, *AS_SAID) | said(
        dataset=located(dataset),
        start=read_start(start),
        table=None if table is None else str(expanded(table).resolve()),
        max_parameters=read_limit(max_parameters, "max-parameters"),
        max_flops=read_limit(max_flops, "max-flops"),
        config=config,
        data_dir=data.data_dir,
    )
    if refine is not None and refine < 2:
        raise UserError(f"refine: expected at least 2 candidates, the found one included, got {refine}")
    order = read_order(asked, data.download)
    folder = run or _fresh(order.recipe)
    course = conducted.course(folder, grouped.logs(context, folder))
    conduct(
        folder,
        conducted.output,
        lambda onlookers: search(order, conducted.operators, replace(course, onlookers=onlookers)),
        recipe=order.recipe,
    )
    if refine is not None:
        from ..refinement import Beginning, climb

        course = replace(course, run=folder / "refined", callbacks=())
        beginning, asked = Beginning(folder), {"budget": refine}
        conduct(
            folder / "refined",
            conducted.output,
            lambda onlookers: climb(
                beginning, asked, data, OperatorChoice(), replace(course, onlookers=onlookers)
            ),
        )


def _fresh(recipe: Recipe) -> Path:
    """A new folder in runs/, named after what the recipe and the options choose."""
    from .fresh import fresh_folder

    search = recipe["search"]
    return fresh_folder(str(search["genome"]), str(search.get("dataset", "digits")))
