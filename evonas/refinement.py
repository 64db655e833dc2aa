"""Refinement: hill climbing from a network that is there already, with its trained weights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .api import Course, conducted, load
from .architecture import Architecture
from .architecture.layers import Input
from .data import guessing
from .errors import UserError, nearest
from .evolution import Brought, Heritage, genome_type, operators_from
from .files import as_path
from .network import put_in_front
from .results import Individual, SearchResult
from .settings import (
    Conduct,
    DataChoice,
    Fitness,
    OperatorChoice,
    Settings,
    compose,
    images_to_climb_on,
    read_machines,
    resolve,
    said,
    workbench,
)
from .task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from torch import nn

    from .data import Statistics
    from .evolution import Candidate
    from .search import Metered, Started, Watch
    from .settings import RunImages

IMAGES = ("normalised", "unit", "bytes")
"""What images a network of one's own reads: by mean and standard deviation, from 0 to 1, or from 0 to 255."""

ROOM = 4
"""A network may grow to so many times its size where that is more than the recipe's caps."""

INHERITED = (
    *("dataset", "layout", "train_limit", "without_damaged", "background"),
    *("seed", "device", "threads"),
)
"""What a refinement takes over from the run that an individual comes from."""

OF_FOLDERS = ("without_damaged", "background")
"""Of these what only a folder of images has."""


@dataclass(frozen=True)
class Given:
    """A trained network to begin from.

    Attributes:
        architecture: Reads images as `images` says.
        weights: Its tensors, by ``node.tensor``.
        lineage_epochs: Training that they have seen, as far as that is known.
        images: One of `IMAGES`.
        defaults: Settings of the search that it comes from.
        data_dir: Where that found its images, if they have a name.
        images_before: What that knows of its images.
    """

    architecture: Architecture
    weights: Mapping[str, torch.Tensor]
    lineage_epochs: float = 0.0
    images: str = "normalised"
    defaults: Mapping[str, Any] | None = None
    data_dir: str | None = None
    images_before: RunImages | None = None


def of_individual(individual: Individual) -> Given:
    """An individual of any search, whatever its genome.

    Raises:
        UserError: Its weights were not kept, or its search had no images.
    """
    settings, outcome = individual.settings, individual.candidate.result
    return Given(
        individual.architecture.unsteered(),
        individual.weights(),
        outcome.lineage_epochs if outcome else 0.0,
        defaults={key: getattr(settings, key) for key in INHERITED},
        data_dir=individual.data_dir,
        images_before=individual.images,
    )


def of_module(model: nn.Module | str | Path, example: torch.Tensor | None, images: str) -> Given:
    """A module of one's own, or a ``.pt2`` file.

    Args:
        model: The module in memory, or the file's path.
        example: A batch as it reads it; a file brings its own.
        images: What it reads, one of `IMAGES`.

    Raises:
        UserError: A part of it cannot be represented, which the message names.
    """
    from .network.importing import read_program

    source = read_program(model) if isinstance(model, str | Path) else model
    architecture, weights = Architecture.from_module(source, example)
    return Given(architecture, weights, images=images)


@dataclass(frozen=True)
class Beginning:
    """What a refinement begins from, as a caller names it.

    Attributes:
        source: An individual, a run (its best is taken) or its folder, an `nn.Module`, or a ``.pt2`` file.
        images: What images a module of one's own reads, one of `IMAGES`.
        example: A batch as it reads it; None for random images of the dataset's shape.
    """

    source: Individual | SearchResult | nn.Module | str | Path
    images: str = "normalised"
    example: torch.Tensor | None = None

    def searched(self) -> Individual | None:
        """The individual of a search that it is; None for a model of one's own.

        Raises:
            UserError: Something is said of a search's network that is known, or what images are is unknown.
        """
        source = self.source
        if isinstance(source, str | Path) and Path(source).is_dir():
            source = load(source)
        if isinstance(source, SearchResult):
            source = source.best
        found = source if isinstance(source, Individual) else None
        _check_images(self.images, self.example, ours=found is not None)
        return found

    def given(self, task: Task) -> Given:
        """A model of one's own, read in."""
        example = _example(self.source, self.example, task, self.images)
        return of_module(self.source, example, self.images)  # type: ignore[arg-type]


def refine(
    source: Individual | SearchResult | nn.Module | str | Path,
    dataset: str | None = None,
    *,
    budget: int | None = None,
    run: str | Path | None = None,
    example: torch.Tensor | None = None,
    images: str = "normalised",
    operators: Brought | Iterable[Brought] = (),
    config: str | Path | Mapping[str, Any] | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
    workers: int | str | None = None,
    devices: str | Iterable[str] | None = None,
    per_device: int | str | None = None,
    device_memory: int | str | None = None,
    timeout: float | None = None,
    ray: str | None = None,
    max_seconds: float | None = None,
    watch: Watch | None = None,
    started: Started | None = None,
    meter: Metered | None = None,
    **choices: Any,
) -> SearchResult:
    """Climbs from a trained network by morphisms, so that each neighbour begins with what it has learnt.

    Candidate 0 is the network as it was given, measured and not trained; so the result's best is never worse
    on validation than that.

    Args:
        source: An individual, a run (its best is taken) or its folder, an `nn.Module`, or a ``.pt2`` file.
        dataset: As of `evonas.evolve`; by default that of the individual's run.
        budget: Candidates, the given one included.
        run: A new or empty folder; without one all stays in memory.
        example: A batch for a module's trace; by default random images of the dataset's shape.
        images: What images a module of your own reads: ``normalised``, ``unit`` or ``bytes``.
        operators: Of your own, for the genome ``graph``.
        config: A recipe file or its tables, laid over the recipe ``nash-small``.
        data_dir: Where named datasets are kept; by default where the individual's run found its own.
        download: Fetch a named dataset that is not there.
        workers: As of `evonas.evolve`; so are all that follow but the last.
        devices: With a worker each.
        per_device: Candidates at a time on each of them.
        device_memory: That these may take together.
        timeout: Seconds after which a candidate has failed.
        ray: The address of a Ray cluster.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.
        meter: Called with every candidate's end.
        choices: As of `evonas.evolve`, such as ``epochs``, ``neighbours``, ``morphisms``, ``recipe``.

    Raises:
        UserError: A choice is unknown or refused, or the network cannot be taken.
    """
    machines = read_machines(workers, devices, per_device, timeout, ray, device_memory)
    course = Course.read(run, machines, max_seconds, watch=watch, started=started, meter=meter)
    asked = said(dataset=dataset, budget=budget, config=config, **choices)
    choice = OperatorChoice(tuple(operators_from(operators)))
    data = DataChoice(None if data_dir is None else Path(data_dir), download)
    return climb(Beginning(source, images, example), asked, data, choice, course)


def climb(
    beginning: Beginning, asked: Mapping[str, Any], data: DataChoice, choice: OperatorChoice, course: Course
) -> SearchResult:
    """Climbs from a trained network.

    Args:
        beginning: The network.
        asked: ``dataset``, ``budget``, ``config`` and other choices, as of `refine`.
        data: How named datasets are found.
        choice: Operators of the caller's own.
        course: How the search goes.

    Raises:
        UserError: As of `refine`.
    """
    searched = beginning.searched()
    given = None if searched is None else of_individual(searched)
    settings, data = _settings_and_data(given, asked, data, course)
    images = None if given is None else images_to_climb_on(given.images_before, settings, asked, data)
    opened = None if images is None else images.dataset
    bench = workbench(settings, Fitness(), data, course.machines.driver_device, opened)
    if images is not None:
        settings = replace(settings, dataset=images.dataset.name)
        bench.facts.update(images.notes)
    if bench.task is None:
        raise UserError("dataset: expected images")
    if given is None:
        given = beginning.given(bench.task)
        course = _doubting(course, guessing(bench.facts["counts"]), beginning.images)
    statistics = _statistics(bench.facts)
    heritage = _heritage(given, settings.make_space(), bench.task, statistics)
    settings = replace(settings, space=heritage.genome.space.to_dict(), start=heritage.genome.to_dict())
    choice.check_use(settings.genome)
    return conducted(Conduct(settings, bench, choice, given=heritage), Fitness(), data, course)


def _settings_and_data(
    given: Given | None, asked: Mapping[str, Any], data: DataChoice, course: Course
) -> tuple[Settings, DataChoice]:
    """What is asked for over what a given individual's search had.

    Raises:
        UserError: A choice is unknown, or leaves nothing to inherit.
    """
    choices = {key: value for key, value in asked.items() if key != "config"}
    known = said(**(given.defaults or {})) if given else {}
    if "dataset" in choices:
        known.pop("layout", None)  # of other folders
        path = as_path(str(choices["dataset"]))
        if path is None or not path.is_dir():
            known = {key: value for key, value in known.items() if key not in OF_FOLDERS}
    recipe = compose("graph", asked.get("config"), known | choices)
    settings = resolve(course.machines.over(recipe), uses_images=True)
    if settings.inherit in ("none", "pool"):
        raise UserError(f"inherit: refinement needs match, remap or morph, got {settings.inherit!r}")
    if data.data_dir is None and "dataset" not in choices and given is not None and given.data_dir:
        data = replace(data, data_dir=Path(given.data_dir))
    return settings, data


def _check_images(images: str, example: torch.Tensor | None, ours: bool) -> None:
    """Checks what is said of a model's images; those of a search's network are known.

    Raises:
        UserError: It is unknown, or said of a search's network.
    """
    if images not in IMAGES:
        raise UserError(f"images {images!r} is unknown; {nearest(str(images), IMAGES)}")
    if ours and images != "normalised":
        raise UserError(
            f"images: expected only with a model of your own, got {images!r} with a search's network"
        )
    if ours and example is not None:
        raise UserError("example: expected only with a model of your own, got one with a search's network")


def _doubting(course: Course, worthless: float, images: str) -> Course:
    """Goes as asked, and warns where candidate 0 is no better than guessing: it may read other images."""
    watch = course.onlookers.watch

    def watched(candidate: Candidate) -> None:
        if candidate.number == 0 and candidate.fitness is not None and candidate.fitness <= worthless:
            warnings.warn(
                f"refine: the network as given is right on {candidate.fitness:.1%} of the validation images, "
                f"no better than guessing: is images (--images) right? It is {images!r}; the others are "
                f"{' and '.join(repr(other) for other in IMAGES if other != images)}",
                RuntimeWarning,
                stacklevel=2,
            )
        watch(candidate)

    return replace(course, onlookers=replace(course.onlookers, watch=watched))


def _example(source: Any, example: torch.Tensor | None, task: Task, images: str) -> torch.Tensor | None:
    import torch

    if example is not None or not isinstance(source, torch.nn.Module):
        return example
    generator = torch.Generator().manual_seed(0)
    batch = torch.rand(8, *task.input_shape, generator=generator)
    return batch * 255 if images == "bytes" else batch


def _statistics(facts: Mapping[str, Any]) -> Statistics:
    from .data import Statistics

    mean, std = facts["statistics"]
    return Statistics(tuple(mean), tuple(std))


def _heritage(given: Given, space: Any, task: Task, statistics: Statistics) -> Heritage:
    """The given network as a graph genome that reads normalised images, and room in the caps to grow."""
    net, weights = given.architecture.copy(), dict(given.weights)
    if given.images != "normalised":
        net, weights = _reading_normalised(net, weights, statistics, 255.0 if given.images == "unit" else 1.0)
    _check_fits(net, task)
    if net.shape(net.input) != task.input_shape:
        net.replace(net.input, Input(task.input_shape))
    space = replace(
        space.for_task(task),
        max_parameters=max(space.max_parameters, ROOM * net.parameter_count()),
        max_flops=max(space.max_flops, ROOM * net.flops()),
        max_nodes=max(space.max_nodes, ROOM * len(net)),
    )
    genome = genome_type("graph").from_dict({"architecture": net.to_dict()}, space)
    weights = {
        name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()
    }
    return Heritage(genome, given.lineage_epochs, weights)


def _check_fits(net: Architecture, task: Task) -> None:
    """Checks that a network is for images of so many channels and classes.

    Raises:
        UserError: It is for others, so that what it has learnt is of no use here.
    """
    channels, outputs = net.shape(net.input)[0], net.shape(net.output)[-1]
    if channels != task.channels or outputs != task.classes:
        raise UserError(
            f"dataset: expected {channels}-channel images in {outputs} classes, for which the network is, "
            f"got {task.channels}-channel images in {task.classes}: name the dataset that it was trained on"
        )


def _reading_normalised(
    net: Architecture, weights: dict[str, torch.Tensor], statistics: Statistics, unit: float
) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Puts (image · std + mean) / unit in front: the network reads the images that it was trained on."""
    import torch

    name = "as_trained"
    while any(node == name or node.startswith(f"{name}.") for node in net):
        name += "_"
    put_in_front(net, name)
    std, mean = torch.tensor(statistics.std), torch.tensor(statistics.mean)
    return net, {
        **weights,
        f"{name}.weight": (std / unit).float().view(-1, 1, 1, 1),
        f"{name}.bias": (mean / unit).float(),
    }
