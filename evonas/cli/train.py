"""`evonas train`: the final training, and the one look at the test images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UserError
from ..files import expanded
from ..results import duration, number_of
from . import grouped, options
from .errors import INTERRUPTED, REFUSED, fail
from .options import option
from .panels import OUTPUT, TRAINING, WHERE
from .saying import say

if TYPE_CHECKING:
    from ..data import ImageDataset
    from ..evolution import Genome
    from ..results import Before, Trained
    from ..settings import DataChoice
    from ..training import Compute, Plan
    from .targets import Target

SHOWN = (
    *("run", "candidate", "dataset", "protocol", "test_accuracy", "test_loss", "test_images"),
    *("training_images", "parameters", "flops", "seed", "seconds"),
    *("plan", "compute", "devices", "compile_seconds"),
    *("test_images_seen", "test_images_left_out", "images_differ"),
)
"""What of a report is printed as JSON."""

OFTEN = (
    *("individual", "dataset", "epochs", "cells", "filters"),
    *("protocol", "go_on", "seed", "device", "output"),
)
"""Options that most people want: they come first in help."""


def train(
    context: typer.Context,
    target: options.Target,
    dataset: options.Dataset = None,
    individual: options.Individual = None,
    cells: options.Cells = None,
    filters: options.Filters = None,
    epochs: Annotated[int | None, option("E", "Epochs; by default the protocol's.", panel=TRAINING)] = None,
    protocol: Annotated[
        str,
        typer.Option(
            metavar="search|final",
            help="As candidates were trained in the search, or long, as the recipe's [final] says.",
            rich_help_panel=TRAINING,
        ),
    ] = "final",
    go_on: Annotated[
        bool,
        typer.Option(
            "--continue", help="Begin with the weights that the search found.", rich_help_panel=TRAINING
        ),
    ] = False,
    seed: Annotated[
        int | None, option("S", "Of weights and order; by default the search's.", panel=TRAINING)
    ] = None,
    layout: options.Layout = None,
    train_limit: options.TrainLimit = None,
    without_damaged: options.WithoutDamaged = False,
    background: options.Background = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    device: options.Device = None,
    devices: Annotated[
        str | None,
        option(
            "cuda:0,cuda:1|all",
            "Devices that share every batch, a process on each (cpu,cpu works too).",
            panel=WHERE,
        ),
    ] = None,
    threads: Annotated[
        int | None,
        option("T", "Threads of a process on a CPU; by default its share of all cores.", panel=WHERE),
    ] = None,
    compile_it: Annotated[
        bool,
        typer.Option(
            "--compile", help="First compile the network (torch.compile): minutes.", rich_help_panel=WHERE
        ),
    ] = False,
    output: Annotated[
        Path | None, option("FOLDER", "Where to keep the network; by default DIR/final.", panel=OUTPUT)
    ] = None,
    operators: options.OwnFiles = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Train the best, or a genotype, long, and test it once.

    It is trained on training and validation images, from scratch unless told to continue. Its accuracy on
    the test images, which no search has seen, is reported at the end.
    """
    from ..results import save_trained
    from ..seeds import check_seed
    from ..settings import DataChoice
    from .targets import find_target, located

    grouped.bring(operators)
    found = find_target(target, individual)
    genome = found.resized(cells, filters)
    plan = _plan(found, epochs, protocol)
    if seed is None:
        seed = found.settings.seed if found.settings else 0
    named = located(dataset)
    name = named or _dataset_of(found)
    where = _where(genome, device, devices, threads, compile_it)
    with _reserved(_output_folder(output, found, name)) as folder:
        data = DataChoice(data_dir or found.data_dir, download)
        reading = grouped.choices(context, "layout", "without_damaged", "background")
        images, before = _images(found, named, data, train_limit, reading)
        weights = _weights(found, genome, images) if go_on else None
        trained = _trained(found, genome, images, plan, where, check_seed(seed), quiet, weights, before)
        trained = replace(trained, report={**trained.report, "protocol": protocol})
        save_trained(trained, folder)
    _tell(trained, found, folder, quiet, as_json)


def _plan(found: Target, epochs: int | None, protocol: str) -> Plan:
    from ..settings import SEARCH, check_protocol, compose, protocol_plan
    from ..training import Plan

    if found.settings:
        plan = protocol_plan(found.settings, protocol)
    else:
        recipe = compose(found.genome.name, None, {})
        over = {} if check_protocol(protocol) == SEARCH else recipe["final"]
        plan = Plan.from_dict(recipe["training"]).changed(over)
    return plan if epochs is None else plan.changed({"epochs": epochs})


def _images(
    found: Target, named: str | None, data: DataChoice, limit: int | None, reading: dict[str, Any]
) -> tuple[ImageDataset, Before | None]:
    """The images to train on, and what the search had to do with them, where there was one.

    Raises:
        UserError: None were named, and the run's own are gone or have changed.
    """
    from ..data import AUTO
    from ..results import Before

    run = found.images
    if run is None or not run.any:
        as_before = {} if named or found.settings is None else found.settings.reading
        return data.open(named or _dataset_of(found), limit, **(as_before | reading)), None
    if named is None and "layout" in reading:  # of the run's folder, which may make other images of it
        named = run.settings.dataset
    if named is None:
        if reading:
            raise UserError(
                "--without-damaged, --background: expected with --dataset; a run's images stay as they are"
            )
        try:
            dataset, differing = run.find(data), ""
        except UserError as error:
            raise UserError(f"{error}; or name with --dataset what else to train on") from None
    else:
        reading = {"layout": AUTO} | reading  # the run's was said of its own folders
        dataset = run.open(data, named, **reading)
        differing = run.differing(dataset)
    seen = run.seen(data) if differing or run.identity else dataset.identity().marks
    if limit != run.settings.train_limit:
        dataset = data.open(dataset.name, limit, **(run.reading(dataset.name) | reading))
    return dataset, Before(seen, differing, run.began_with_others)


def _weights(found: Target, genome: Genome, images: ImageDataset) -> Mapping[str, Any]:
    """What the search left of a candidate; that its outputs were other classes is said.

    Raises:
        UserError: It is of no run, its weights were not kept or are for other images, or it was given another
            size.
    """
    from contextlib import closing

    from ..api import load

    if found.run is None or found.candidate is None:
        raise UserError(f"--continue: expected a run folder, whose weights are kept, got {found.title}")
    if genome is not found.genome:
        raise UserError("--continue: a network of another size (--cells, --filters) begins from scratch")
    with closing((result := load(found.run)).journal):
        _check_continued(found, images, result.classes)
        return result.individual(found.candidate).weights()


def _check_continued(found: Target, images: ImageDataset, classes: tuple[str, ...]) -> None:
    """Holds weights to the images that they go on with.

    Raises:
        UserError: They are for another number of channels or classes.
    """
    task, now = found.task, images.task
    if task is not None and (task.channels, task.classes) != (now.channels, now.classes):
        raise UserError(
            f"--continue: expected {task.channels}-channel images in {task.classes} classes, as in the "
            f"search, got {now.channels}-channel images in {now.classes} ({images.name}): without it a "
            "network begins from scratch"
        )
    if classes and classes != images.classes:
        then, others = (", ".join(names[:8]) for names in (classes, images.classes))
        say(f"warning: the weights are for classes {then}, in this order; now these are {others}", error=True)


def _dataset_of(found: Target) -> str:
    """The dataset where none is named: the search's, or the recipe's."""
    from ..settings import compose

    if found.settings is None:
        return str(compose(found.genome.name, None, {})["search"].get("dataset", "digits"))
    if not found.settings.dataset:
        raise UserError(
            f"dataset: {found.title} was found without images; say with --dataset what to train on"
        )
    return found.settings.dataset


def _output_folder(output: Path | None, found: Target, dataset: str) -> Path:
    from ..run import FINAL
    from .fresh import fresh_folder

    if output is not None:
        return expanded(output)
    return fresh_folder(f"{found.stem}-trained", dataset) if found.run is None else found.run / FINAL


@contextmanager
def _reserved(folder: Path) -> Iterator[Path]:
    """Makes sure, before a long training, that its network can be kept in a folder.

    Raises:
        UserError: The folder holds something else than an earlier network.
    """
    from ..run import DESCRIPTION

    if folder.exists() and not folder.is_dir():
        raise UserError(f"output {folder}: expected a folder, got a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DESCRIPTION).is_file():
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


@dataclass(frozen=True)
class _Where:
    """Where a network is trained.

    Attributes:
        compute: Of one process.
        devices: With a process each; empty for the one that `compute` names.
        compiled: Whether the network is compiled.
    """

    compute: Compute
    devices: tuple[str, ...]
    compiled: bool

    def __str__(self) -> str:
        threads = number_of(self.compute.threads, "thread")
        how = f"({self.compute.precision}{', compiled' if self.compiled else ''})"
        if self.compute.device != "cpu":
            return f"{', '.join(self.devices) or self.compute.device} {how}"
        if len(self.devices) > 1:
            return f"{len(self.devices)} processes on the CPU, {threads} each {how}"
        return f"cpu, {threads} {how}"


def _where(
    genome: Genome, device: str | None, devices: str | None, threads: int | None, compiled: bool
) -> _Where:
    import torch

    from ..results import training_devices
    from ..training import Compute, choose_device, choose_kernels, choose_precision

    if threads is not None and threads < 1:
        raise UserError(f"threads: expected a whole number of at least 1, got {threads}")
    if device is not None and devices is not None:
        raise UserError(f"device: expected none with --devices, got {device!r}")
    several = training_devices(devices)
    chosen = several[0] if several else choose_device(device or "auto")
    precision = choose_precision(chosen, genome.space.separable)
    share = max(1, torch.get_num_threads() // max(1, len(several)))
    kernels = "eager" if compiled or several else choose_kernels(chosen, precision, threads or share)
    return _Where(Compute(chosen, precision, threads or share, kernels=kernels), several, compiled)


def _trained(
    found: Target,
    genome: Genome,
    images: ImageDataset,
    plan: Plan,
    where: _Where,
    seed: int,
    quiet: bool,
    weights: Mapping[str, Any] | None,
    before: Before | None,
) -> Trained:
    """Trains, showing how far it is.

    Raises:
        typer.Exit: It was interrupted, or failed.
    """
    from ..results import train_finally
    from ..search import reason_of
    from ..training import DivergenceError
    from .interrupts import stoppable
    from .progress import make_progress

    progress = make_progress("epochs", quiet)
    headline = (
        f"training {found.title} on {images.name}: {number_of(plan.epochs, 'epoch')} of "
        f"{number_of(images.training_size, 'image')}, seed {seed}, {where}"
    )
    with stoppable() as request:

        def after_epoch(epoch: int, epochs: int) -> None:
            progress.advance(epoch)
            request.check()

        try:
            with progress:
                progress.begin(headline, plan.epochs)
                trained = train_finally(
                    genome,
                    images,
                    plan,
                    where.compute,
                    seed,
                    after_epoch,
                    weights,
                    where.devices or None,
                    where.compiled,
                    before,
                )
        except KeyboardInterrupt:
            say("stopped: the training was not finished, and nothing was saved", error=True)
            raise typer.Exit(INTERRUPTED) from None
        except (DivergenceError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "out of memory" not in str(error).lower():
                raise
            raise typer.Exit(fail(f"training: {reason_of(error)}", REFUSED)) from None
    about = {"candidate": found.candidate, "run": None if found.run is None else str(found.run)}
    return replace(trained, report={**trained.report, **about})


def _tell(trained: Trained, found: Target, folder: Path, quiet: bool, as_json: bool) -> None:
    from ..results import said_of_test
    from .onwards import exporting
    from .page import Page

    report = trained.report
    if as_json:
        kept = {key: report[key] for key in SHOWN if key in report}
        say(json.dumps({"output": str(folder), **kept, "genome": trained.genome.to_dict()}))
        return
    if quiet:
        say(folder)
        return
    page = Page()
    page.line(
        f"test accuracy {report['test_accuracy']:.4f} on {number_of(report['test_images'], 'image')} "
        f"({report['parameters']:,} parameters, {_cost(report)}, "
        f"protocol {report['protocol']}: {number_of(report['plan']['epochs'], 'epoch')} {report['began']})"
    )
    if careful := said_of_test(report):
        page.line(careful)
    page.line(f"saved in {folder}")
    home = folder if found.run is None or folder.parent != found.run else found.run
    page.commands([(exporting(home, trained.genome.name), "take it along")])


def _cost(report: Mapping[str, Any]) -> str:
    """What a training took, in words."""
    many = len(report["devices"])
    parts = [f"{duration(report['seconds'])} of training" + (f" on {many} devices" if many > 1 else "")]
    if report["compile_seconds"] is not None:
        parts.append(f"{duration(report['compile_seconds'])} of compilation")
    return ", ".join(parts)
