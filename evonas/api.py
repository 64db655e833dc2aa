"""The library's front door: `evolve`, `resume` and `load`.

Each sorts what people type into a few objects and hands these on: an `Order` (what is searched for), an
`OperatorChoice` (by what), a `Course` (how it goes). The command line makes them of its options, and enters
by `search` and `go_on`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .callbacks import Callback, Callbacks
from .data import ImageDataset, read_described
from .errors import UserError
from .evolution import Brought, Genome, Toolbox, genome_name, operators_from
from .results import SearchResult
from .run import MemoryStore
from .run.journal import MemoryJournal
from .search import Metered, Needs, Onlookers, Started, UserFunction, Watch
from .settings import (
    HERE,
    Changes,
    Conduct,
    DataChoice,
    Fitness,
    Machines,
    OperatorChoice,
    Order,
    drop_damaged_weights,
    first_value,
    fitness_of,
    open_run,
    place_from,
    read_limit,
    read_machines,
    read_order,
    resolve,
    said,
    same_workbench,
    workbench,
)
from .task import Statistics, Task

OF_READING = ("train_limit", "layout", "without_damaged", "background", "table")
"""Settings of a search that say how images are read, or what gives the fitness in their place."""


@dataclass(frozen=True)
class Course:
    """How a search goes: none of it changes what is found.

    Attributes:
        run: A new or empty folder for the journal and the weights; None keeps all in memory. A run that goes
            on has its own.
        machines: Where evaluations run.
        max_seconds: No evaluation begins after so long; None for no limit.
        onlookers: Who follows it.
        callbacks: Who hears what happens: see `evonas.callbacks`.
    """

    run: Path | None = None
    machines: Machines = HERE
    max_seconds: float | None = None
    onlookers: Onlookers = Onlookers()
    callbacks: tuple[Callback, ...] = ()

    @classmethod
    def read(
        cls,
        run: str | Path | None,
        machines: Machines,
        max_seconds: float | None,
        callbacks: Iterable[Callback] = (),
        **onlookers: Any,
    ) -> Self:
        """Checks what people type; the onlookers are those of `Onlookers`, or None.

        Raises:
            UserError: The seconds are no number of at least 0.
        """
        limit = read_limit(max_seconds)
        folder = None if run is None else Path(run)
        return cls(folder, machines, limit, Onlookers(**said(**onlookers)), tuple(callbacks))


def evolve(
    genome: str | type[Genome] | None = None,
    dataset: str | ImageDataset | None = None,
    *,
    budget: int | None = None,
    seed: int | None = None,
    run: str | Path | None = None,
    operators: Brought | Iterable[Brought] = (),
    toolbox: Toolbox | None = None,
    evaluate: UserFunction | None = None,
    needs: Needs | None = None,
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
    callbacks: Iterable[Callback] = (),
    **choices: Any,
) -> SearchResult:
    """Searches for a network.

    Args:
        genome: Its name, or its class; by default the one that `config` names, else ``amoeba``.
        dataset: A dataset's name, FILE.npz, or a folder of images; by default the embedded ``digits``. Or one
            in memory, of `evonas.data.build_dataset`: a run is resumed with it where its name is such a path.
        budget: Candidates to evaluate.
        seed: Of all randomness: the same seed gives the same search.
        run: A new or empty folder for the journal and the weights; without one all stays in memory.
        operators: Of your own, or Python files with some; they replace installed ones of the same name.
        toolbox: Of `evonas.toolbox`: its genome, data, settings and functions, unless given here.
        evaluate: A fitness of your own, ``function(thing, rng) -> float`` or a dict with ``fitness`` and
            other metrics; by default the validation accuracy after training.
        needs: What `evaluate` is given: ``genome``, ``architecture`` or ``network`` (the default).
        config: A recipe file, or its tables as a dict, laid over the genome's own recipe.
        data_dir: Where named datasets are kept.
        download: Fetch a named dataset that is not there.
        workers: Worker processes; ``auto`` for one on each share of the cores. None: in this process.
        devices: Devices with a worker each, such as ``cuda:0,cuda:1``, or ``all``.
        per_device: Candidates at a time on each of them, or ``auto``.
        device_memory: Bytes that these may take together, or a text such as ``8GB``; by default all.
        timeout: Seconds after which a candidate has failed.
        ray: The address of a Ray cluster to evaluate on, or ``local``.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.
        meter: Called with every candidate's end: how fast the search is, and how busy its workers.
        callbacks: Hear what happens: see `evonas.callbacks`.
        choices: Any other key of a recipe's ``[search]`` (``inherit``, ``start``, ``table`` ...), ``recipe``,
            ``epochs``, or a setting of the strategy (``sample`` ...). ``strategy`` may be a class.

    Raises:
        UserError: A choice is unknown or refused, or the data cannot be used.
    """
    if toolbox is not None and operators:
        raise UserError("operators: give them to evonas.toolbox, which the search uses")
    choice = OperatorChoice(tuple(operators_from(operators)), toolbox)
    opened = dataset if isinstance(dataset, ImageDataset) else None
    named = dataset if opened is None else opened.name
    asked = said(genome=genome_name(genome), dataset=named, budget=budget, seed=seed, **choices)
    asked |= said(evaluate=evaluate, needs=needs, config=config, data_dir=data_dir)
    order = read_order({**({} if toolbox is None else toolbox.asked), **asked}, download)
    machines = read_machines(workers, devices, per_device, timeout, ray, device_memory)
    course = Course.read(run, machines, max_seconds, callbacks, watch=watch, started=started, meter=meter)
    return search(order, choice, course, opened)


def search(
    order: Order, choice: OperatorChoice, course: Course, dataset: ImageDataset | None = None
) -> SearchResult:
    """Searches for what is ordered.

    Args:
        order: What is searched for.
        choice: By which operators.
        course: How it goes.
        dataset: The images, where they are in memory already.

    Raises:
        UserError: A choice is refused, or the data cannot be used.
    """
    if dataset is not None:
        _check_in_memory(order)
    fitness = _by_toolbox(choice) or order.fitness
    settings = resolve(course.machines.over(order.recipe), fitness.uses_images)
    # Whatever is wrong shows before a folder is made.
    choice.check_use(settings.genome)
    bench = workbench(settings, fitness, order.data, course.machines.driver_device, dataset)
    if bench.task is not None:
        settings = settings.for_task(bench.task)
    return conducted(Conduct(settings, bench, choice), fitness, order.data, course)


def _check_in_memory(order: Order) -> None:
    """Refuses what is said of reading images where these are in memory, and a table in their place.

    Raises:
        UserError: Something is.
    """
    asked = {name: order.recipe["search"].get(name) for name in OF_READING}
    asked |= {"data_dir": order.data.data_dir, "download": order.data.download}
    for name, value in asked.items():
        if value not in (None, False, ""):
            raise UserError(f"{name}: expected none with a dataset that is in memory, got {value!r:.60}")


def conducted(conduct: Conduct, fitness: Fitness, data: DataChoice, course: Course) -> SearchResult:
    """Runs a new search to its end, in a run folder or in memory."""
    with Callbacks(course.callbacks, course.onlookers.watch, course.onlookers.started) as heard:
        conduct = conduct.on(course.machines, heard.onlookers(course.onlookers), course.max_seconds)
        if course.run is not None:
            conduct.begin(course.run, fitness, data)
            return load(course.run)
        journal, store = MemoryJournal(), MemoryStore()
        for key, fact in conduct.bench.facts.items():
            journal.note(key, fact)
        conduct.go_on(journal, store)
        return SearchResult(conduct.settings, journal, store, None, *_described(conduct.bench.facts))


def resume(
    run: str | Path,
    *,
    budget: int | None = None,
    operators: Brought | Iterable[Brought] = (),
    toolbox: Toolbox | None = None,
    evaluate: UserFunction | None = None,
    needs: Needs = "network",
    data_dir: str | Path | None = None,
    keep: int | str | None = None,
    drop_damaged: bool = False,
    dataset: str | None = None,
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
    callbacks: Iterable[Callback] = (),
) -> SearchResult:
    """Continues a run that was stopped or killed, or extends one that has ended.

    Args:
        run: The run folder.
        budget: Candidates in all; by default what the run was started with.
        operators: Those of your own that the run began with, or their files.
        toolbox: The toolbox that it began with, where there was one.
        evaluate: The function that gave the run's fitness, where one did.
        needs: As it was.
        data_dir: Where named datasets are kept, if elsewhere than before.
        keep: Room for weights that nothing needs any more (``2GB``), if other than before.
        drop_damaged: Go on where files of weights are gone or damaged: what would have inherited from them
            trains from scratch. Without it such a run is refused where they are needed.
        dataset: Where the run's images lie now, if elsewhere than before; others are refused.
        workers: As of `evonas.evolve`; so are all that follow.
        devices: With a worker each.
        per_device: Candidates at a time on each of them.
        device_memory: That these may take together.
        timeout: Seconds after which a candidate has failed.
        ray: The address of a Ray cluster.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.
        meter: Called with every candidate's end.
        callbacks: Hear what happens.

    Raises:
        UserError: No run is there, it cannot be used, its data have changed, or an operator is not here.
    """
    choice = OperatorChoice(tuple(operators_from(operators)), toolbox)
    machines = read_machines(workers, devices, per_device, timeout, ray, device_memory)
    course = Course.read(run, machines, max_seconds, callbacks, watch=watch, started=started, meter=meter)
    changes = Changes(budget, keep, data_dir, drop_damaged, dataset)
    return go_on(Path(run), changes, Fitness(evaluate, needs), choice, course)


def go_on(
    run: Path, changes: Changes, fitness: Fitness, choice: OperatorChoice, course: Course
) -> SearchResult:
    """Continues a run.

    Args:
        run: The run folder.
        changes: What is changed in it.
        fitness: Who gave its fitness, where that was a function.
        choice: The operators of the caller's own that it began with.
        course: How it goes on.

    Raises:
        UserError: As of `resume`.
    """
    with open_run(run, write=True) as opened:
        fitness = fitness_of(opened, _by_toolbox(choice) or fitness)
        settings = changes.settings_of(opened)
        noted = opened.meta.get("variation", {})
        choice.check(settings, noted)
        choice = choice.as_noted(settings, noted)
        bench = same_workbench(opened, settings, fitness, changes.data_dir, course.machines.driver_device)
        # The journal is changed only where the run goes on.
        opened.warn_of_drift()
        if changes.drop_damaged:
            drop_damaged_weights(opened)
        if settings.dataset != opened.settings.dataset:
            opened.journal.note("images_from", place_from(settings.dataset, run))
        if settings != opened.settings:
            opened.change(settings)
        follow = course.onlookers
        with Callbacks(course.callbacks, follow.watch, follow.started, opened.journal) as heard:
            conduct = Conduct(settings, bench, choice, given=opened.given())
            conduct = conduct.on(course.machines, heard.onlookers(follow), course.max_seconds)
            conduct.go_on(opened.journal, opened.store)
            opened.forget_given()
    return load(run)


def load(run: str | Path) -> SearchResult:
    """The result of a run on disk, finished or not.

    Raises:
        UserError: No readable run is there.
    """
    opened = open_run(Path(run))
    return SearchResult(
        opened.settings, opened.journal, opened.store, opened.folder, *_described(opened.meta)
    )


def _by_toolbox(choice: OperatorChoice) -> Fitness | None:
    """The fitness that a user has registered in the toolbox, if one has."""
    toolbox = choice.toolbox
    if toolbox is None or not toolbox.is_users("evaluate"):
        return None
    return Fitness(first_value(toolbox.evaluate), "genome")


def _described(facts: Mapping[str, Any]) -> tuple[Task | None, Statistics | None, tuple[str, ...]]:
    """The task, the statistics and the classes that a journal notes, where it had images."""
    return read_described(facts) if "task" in facts else (None, None, ())
