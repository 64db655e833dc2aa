"""`evonas train`: the final training, and the one look at the test images."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UserError
from . import options
from .errors import INTERRUPTED, REFUSED, fail
from .figures import duration, number_of
from .options import option

if TYPE_CHECKING:
    from ..data import ImageDataset
    from ..final import Trained
    from ..genome import Genome
    from ..training.device import Compute
    from ..training.plan import Plan
    from .targets import Target


def train(
    target: options.Target,
    dataset: options.Dataset = None,
    individual: options.Individual = None,
    cells: options.Cells = None,
    filters: options.Filters = None,
    epochs: Annotated[int | None, option("E", "Epochs; by default the protocol's.")] = None,
    protocol: Annotated[
        str,
        typer.Option(
            metavar="search|final",
            help="As candidates were trained in the search, or long, as the recipe's [final] says.",
        ),
    ] = "final",
    go_on: Annotated[
        bool, typer.Option("--continue", help="Begin with the weights that the search found.")
    ] = False,
    seed: Annotated[int | None, option("S", "Of weights and order; by default the search's.")] = None,
    train_limit: options.TrainLimit = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    device: options.Device = None,
    threads: Annotated[int | None, option("T", "Threads on a CPU; by default all cores.")] = None,
    output: Annotated[
        Path | None, option("FOLDER", "Where to keep the network; by default DIR/final.")
    ] = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Train the best, or a genotype, long, and test it once.

    It is trained on training and validation images, from scratch unless told to continue. Its accuracy on
    the test images, which no search has seen, is reported at the end.
    """
    from ..assembly import DataChoice
    from ..final import save
    from ..seeds import check_seed
    from .targets import find_target, located

    found = find_target(target, individual)
    genome = found.resized(cells, filters)
    plan = _plan(found, epochs, protocol)
    if seed is None:
        seed = found.settings.seed if found.settings else 0
    name = located(dataset) or _dataset_of(found)
    compute = _compute(genome, device, threads)
    with _reserved(_output_folder(output, found, name)) as folder:
        images = DataChoice(data_dir or found.data_dir, download).open(name, train_limit)
        weights = _weights(found, genome) if go_on else None
        trained = _trained(found, genome, images, plan, compute, check_seed(seed), quiet, weights)
        trained = replace(trained, report={**trained.report, "protocol": protocol})
        save(trained, folder)
    _tell(trained, found, folder, quiet, as_json)


def _plan(found: Target, epochs: int | None, protocol: str) -> Plan:
    from ..assembly import compose
    from ..protocols import SEARCH, check_protocol, protocol_plan
    from ..training.plan import Plan

    if found.settings:
        plan = protocol_plan(found.settings, protocol)
    else:
        recipe = compose(found.genome.name, None, {})
        over = {} if check_protocol(protocol) == SEARCH else recipe["final"]
        plan = Plan.from_dict(recipe["training"]).changed(over)
    return plan if epochs is None else plan.changed({"epochs": epochs})


def _weights(found: Target, genome: Genome) -> Mapping[str, Any]:
    """What the search left of a candidate.

    Raises:
        UserError: It is of no run, its weights were not kept, or it was given another size.
    """
    from contextlib import closing

    from ..api import load

    if found.run is None or found.candidate is None:
        raise UserError(f"continue: expected a run folder, whose weights are kept, got {found.title}")
    if genome is not found.genome:
        raise UserError("continue: a network of another size (--cells, --filters) begins from scratch")
    with closing((result := load(found.run)).journal):
        return result.individual(found.candidate).weights()


def _dataset_of(found: Target) -> str:
    """The dataset where none is named: the search's, or the recipe's."""
    from ..assembly import compose

    if found.settings is None:
        return str(compose(found.genome.name, None, {})["search"].get("dataset", "digits"))
    if not found.settings.dataset:
        raise UserError(
            f"dataset: {found.title} was found without images; say with --dataset what to train on"
        )
    return found.settings.dataset


def _output_folder(output: Path | None, found: Target, dataset: str) -> Path:
    from ..run import FINAL, fresh_folder

    if output is not None:
        return output.expanduser()
    return fresh_folder(f"{found.stem}-trained", dataset) if found.run is None else found.run / FINAL


@contextmanager
def _reserved(folder: Path) -> Iterator[Path]:
    """Makes sure, before a long training, that its network can be kept in a folder.

    Raises:
        UserError: The folder holds something else than an earlier network.
    """
    from ..final import FILE

    if folder.exists() and not folder.is_dir():
        raise UserError(f"output {folder}: expected a folder, got a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).is_file():
        raise UserError(
            f"output {folder}: expected a new or empty folder, or one that evonas train made, got other files"
        )
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()


def _compute(genome: Genome, device: str | None, threads: int | None) -> Compute:
    import torch

    from ..training.device import Compute, choose_device, choose_precision

    if threads is not None and threads < 1:
        raise UserError(f"threads: expected a whole number of at least 1, got {threads}")
    chosen = choose_device(device or "auto")
    precision = choose_precision(chosen, genome.space.separable)
    return Compute(chosen, precision, threads or torch.get_num_threads())


def _trained(
    found: Target,
    genome: Genome,
    images: ImageDataset,
    plan: Plan,
    compute: Compute,
    seed: int,
    quiet: bool,
    weights: Mapping[str, Any] | None,
) -> Trained:
    """Trains, showing how far it is.

    Raises:
        typer.Exit: It was interrupted, or failed.
    """
    from ..evaluation import reason_of
    from ..final import train as train_finally
    from ..training.trainer import DivergenceError
    from .interrupts import stoppable
    from .progress import make_progress

    progress = make_progress("epochs", quiet)
    where = compute.device + (f", {number_of(compute.threads, 'thread')}" if compute.device == "cpu" else "")
    headline = (
        f"training {found.title} on {images.name}: {number_of(plan.epochs, 'epoch')} of "
        f"{number_of(images.training_size, 'image')}, seed {seed}, {where} ({compute.precision})"
    )
    with stoppable() as request:

        def after_epoch(epoch: int, epochs: int) -> None:
            progress.advance(epoch)
            request.check()

        try:
            with progress:
                progress.begin(headline, plan.epochs)
                trained = train_finally(genome, images, plan, compute, seed, after_epoch, weights)
        except KeyboardInterrupt:
            print("stopped: the training was not finished, and nothing was saved", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except (DivergenceError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "out of memory" not in str(error).lower():
                raise
            raise typer.Exit(fail(f"training: {reason_of(error)}", REFUSED)) from None
    about = {"candidate": found.candidate, "run": None if found.run is None else str(found.run)}
    return replace(trained, report={**trained.report, **about})


def _tell(trained: Trained, found: Target, folder: Path, quiet: bool, as_json: bool) -> None:
    from .page import Page, quoted

    report = trained.report
    if as_json:
        keys = (
            "run",
            "candidate",
            "dataset",
            "protocol",
            "test_accuracy",
            "test_loss",
            "test_images",
            "training_images",
        )
        kept = {
            key: report[key] for key in (*keys, "parameters", "flops", "seed", "seconds", "plan", "compute")
        }
        print(json.dumps({"output": str(folder), **kept, "genome": trained.genome.to_dict()}))
        return
    if quiet:
        print(folder)
        return
    page = Page()
    page.line(
        f"test accuracy {report['test_accuracy']:.4f} on {number_of(report['test_images'], 'image')} "
        f"({report['parameters']:,} parameters, {duration(report['seconds'])} of training, "
        f"protocol {report['protocol']}: {number_of(report['plan']['epochs'], 'epoch')} {report['began']})"
    )
    page.line(f"saved in {folder}")
    home = folder if found.run is None or folder.parent != found.run else found.run
    page.commands([(f"evonas export {quoted(home)} --to onnx -o best.onnx", "take it along")])
