"""`evonas evolve` begins a search, `evonas resume` goes on with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UserError
from . import options
from .options import option
from .saying import say

if TYPE_CHECKING:
    from ..api import Metered, Started
    from ..results import SearchResult
    from ..settings import Recipe, Watch


def evolve(
    genome: Annotated[str | None, option("NAME", "What is evolved (evonas list genomes).")] = None,
    recipe: Annotated[
        str | None,
        option("NAME", "Settings by name (evonas list recipes); by default the genome's small ones."),
    ] = None,
    dataset: options.Dataset = None,
    budget: Annotated[int | None, option("N", "Candidates to evaluate.")] = None,
    epochs: Annotated[int | None, option("E", "Epochs of training for each candidate.")] = None,
    seed: Annotated[int | None, option("S", "The same seed gives the same search.")] = None,
    run: Annotated[
        Path | None, option("DIR", "A new or empty folder for the run; by default a fresh one in runs/.")
    ] = None,
    inherit: Annotated[
        str | None, option("MODE", "How children begin: match, morph, remap, pool or none.")
    ] = None,
    start: Annotated[
        str | None, option("GENOTYPE", "Begin from a published genotype, a FILE.json, or another run's best.")
    ] = None,
    max_time: options.MaxTime = None,
    table: Annotated[
        Path | None,
        option(
            "FILE.csv", "Look fitness up in a table of trained networks (evonas table); nothing is trained."
        ),
    ] = None,
    strategy: Annotated[str | None, option("NAME", "The algorithm (evonas list strategies).")] = None,
    population: Annotated[int | None, option("P", "Individuals that are alive at a time.")] = None,
    sample: Annotated[int | None, option("S", "Individuals of which the best becomes a parent.")] = None,
    operators: options.Operators = None,
    unique: Annotated[
        bool, typer.Option("--unique", help="Evaluate no genotype twice, as far as asking again helps.")
    ] = False,
    verify_morphisms: options.Verify = False,
    keep: options.Keep = None,
    refine: Annotated[
        int | None, option("N", "Afterwards, climb from the best by morphisms: N candidates, in DIR/refined.")
    ] = None,
    config: Annotated[
        Path | None, option("FILE.toml", "Settings of your own, laid over the genome's recipe.")
    ] = None,
    train_limit: options.TrainLimit = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    max_parameters: options.MaxParameters = None,
    max_flops: options.MaxFlops = None,
    max_memory: options.MaxMemory = None,
    device: options.Device = None,
    threads: Annotated[int | None, option("T", "Threads on a CPU; results depend on it.")] = None,
    look_ahead: Annotated[
        int | None, option("L", "Candidates begun before the oldest has ended; results depend on it.")
    ] = None,
    workers: options.Workers = None,
    devices: options.Devices = None,
    per_device: options.PerDevice = None,
    device_memory: options.DeviceMemory = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    asynchronous: Annotated[
        bool, typer.Option("--asynchronous", help="Tell results as they come: no worker waits for another.")
    ] = False,
    csv: options.Csv = None,
    tensorboard: options.TensorBoard = False,
    mlflow: options.Mlflow = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Search for a network.

    Genotypes evolve: each is trained for a short while, and the best have children. What no option says
    comes from the genome's recipe (evonas list recipes); for amoeba these are 40 small networks on the
    embedded digits, some minutes on a laptop.
    """
    from ..api import evolve as search
    from ..evolution import operators_from
    from ..settings import compose
    from .figures import read_amount
    from .logs import read_logs
    from .session import Output, conduct
    from .targets import located, read_start
    from .workforce import read_options

    output = Output(quiet, as_json, max_time)
    limit = output.seconds
    force = read_options(workers, devices, per_device, device_memory, timeout, ray)
    choices = {
        "recipe": recipe,
        "asynchronous": asynchronous or None,
        "unique": unique or None,
        "verify_morphisms": verify_morphisms or None,
        "dataset": located(dataset),
        "budget": budget,
        "seed": seed,
        "epochs": epochs,
        "inherit": inherit,
        "start": read_start(start),
        "train_limit": train_limit,
        "max_parameters": None if max_parameters is None else read_amount(max_parameters, "max-parameters"),
        "max_flops": None if max_flops is None else read_amount(max_flops, "max-flops"),
        "max_memory": max_memory,
        "device": device,
        "threads": threads,
        "look_ahead": look_ahead,
        "strategy": strategy,
        "table": None if table is None else str(table.expanduser().resolve()),
        "population": population,
        "sample": sample,
        "keep": keep,
    }
    given: dict[str, Any] = {key: value for key, value in choices.items() if value is not None}
    brought = operators_from(operators or ())
    composed = compose(genome, config, given)
    folder = _fresh(composed) if run is None else run
    logs = read_logs(folder, csv, tensorboard, mlflow)

    def begin(watch: Watch, started: Started, meter: Metered) -> SearchResult:
        return search(
            genome,
            run=folder,
            operators=brought,
            config=config,
            data_dir=None if data_dir is None else data_dir.expanduser().resolve(),
            download=download,
            max_seconds=limit,
            watch=watch,
            started=started,
            meter=meter,
            callbacks=logs,
            **force,
            **given,
        )

    if refine is not None and refine < 2:
        raise UserError(f"refine: expected at least 2 candidates, the found one included, got {refine}")
    conduct(folder, output, begin, recipe=composed)
    if refine is not None:
        from ..refinement import refine as climb

        refined = folder / "refined"
        conduct(
            refined,
            output,
            lambda watch, started, meter: climb(
                folder,
                run=refined,
                budget=refine,
                data_dir=None if data_dir is None else data_dir.expanduser().resolve(),
                max_seconds=limit,
                watch=watch,
                started=started,
                meter=meter,
                **force,
            ),
        )


def _fresh(recipe: Recipe) -> Path:
    """A new folder in runs/, named after what the recipe and the options choose."""
    from .fresh import fresh_folder

    search = recipe["search"]
    return fresh_folder(str(search["genome"]), str(search.get("dataset", "digits")))


def resume(
    run: options.RunFolder,
    budget: Annotated[int | None, option("N", "Candidates in all; by default as the run began.")] = None,
    max_time: options.MaxTime = None,
    operators: options.Operators = None,
    data_dir: options.DataDir = None,
    keep: options.Keep = None,
    drop_damaged: Annotated[
        bool, typer.Option("--drop-damaged", help="Go on without weights whose files are damaged or gone.")
    ] = False,
    workers: options.Workers = None,
    devices: options.Devices = None,
    per_device: options.PerDevice = None,
    device_memory: options.DeviceMemory = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    csv: options.Csv = None,
    tensorboard: options.TensorBoard = False,
    mlflow: options.Mlflow = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Go on with a run that was stopped or killed, or extend one."""
    from contextlib import closing

    from ..api import load
    from ..api import resume as search
    from ..evolution import operators_from
    from .logs import read_logs
    from .onwards import resuming
    from .session import Output, conduct
    from .survey import survey
    from .workforce import read_options

    output = Output(quiet, as_json, max_time)
    limit = output.seconds
    force = read_options(workers, devices, per_device, device_memory, timeout, ray)
    brought = operators_from(operators or ())
    logs = read_logs(run, csv, tensorboard, mlflow)
    with closing((before := load(run)).journal):
        known = survey(before)
        given_by = before.journal.meta().get("fitness")
        complete = budget is None and known.evaluated >= before.settings.budget
    if given_by not in ("training", "table"):
        raise UserError(
            f"run {run}: its fitness is a {given_by} in Python: use evonas.resume(..., evaluate=...)"
        )

    if complete and not quiet:
        more = resuming(run, f"--budget {2 * before.settings.budget}")
        say(f"nothing is left to evaluate; to extend the run: {more}", error=True)

    def go_on(watch: Watch, started: Started, meter: Metered) -> SearchResult:
        if complete:
            return load(run)
        return search(
            run,
            budget=budget,
            operators=brought,
            data_dir=data_dir,
            keep=keep,
            drop_damaged=drop_damaged,
            max_seconds=limit,
            watch=watch,
            started=started,
            meter=meter,
            callbacks=logs,
            **force,
        )

    conduct(run, output, go_on, known)
