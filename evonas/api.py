"""The library's front door: `evolve`, `resume` and `load`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .callbacks import Callback, Callbacks
from .data import Statistics, read_described
from .errors import UserError
from .evolution import Brought, Genome, Toolbox, genome_name, operators_from
from .results import SearchResult
from .run import MemoryStore, Run
from .run.journal import MemoryJournal
from .search import Needs, Onlookers, Pace, UserFunction, read_room
from .settings import (
    Conduct,
    DataChoice,
    Fitness,
    OperatorChoice,
    Settings,
    Watch,
    Workbench,
    first_value,
    open_run,
    read_limit,
    read_order,
    read_workforce,
    resolve,
    said,
    workbench,
)
from .task import Task

Metered = Callable[[Pace], None]
Started = Callable[[Settings, int], None]
"""Called before the first evaluation: with the settings, and how many candidates have ended before."""


def evolve(
    genome: str | type[Genome] | None = None,
    dataset: str | None = None,
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
        genome: Name of the genome, or its class; by default the one that `config` names, else ``amoeba``.
        dataset: A dataset's name, FILE.npz, or a folder of images; by default the embedded ``digits``.
        budget: Candidates to evaluate.
        seed: Of all randomness: the same seed gives the same search.
        run: A new or empty folder for the journal and the weights; without one all stays in memory.
        operators: Operators of your own, or Python files with some, beside the installed ones; one of the
            same name takes the place of an installed one.
        toolbox: One made by `evonas.toolbox`, whose genome, data and settings are those of the search unless
            given here; what you registered or decorated is what the search uses, `select` and `evaluate`
            included.
        evaluate: A fitness of your own, ``function(thing, rng) -> float`` or a dict with ``fitness`` and
            other metrics; by default the validation accuracy after training.
        needs: What `evaluate` is given: ``genome``, ``architecture`` or ``network`` (the default).
        config: A recipe file, or its tables as a dict, laid over the genome's own recipe.
        data_dir: Where named datasets are kept.
        download: Fetch a named dataset that is not there.
        workers: Worker processes; ``auto`` for one on each share of the cores. None: in this process.
        devices: Devices with a worker each, such as ``cuda:0,cuda:1``, or ``all``.
        per_device: Candidates at a time on each of them, or ``auto``.
        device_memory: Bytes that these may take together, or a text such as ``8GB``; by default what is free.
        timeout: Seconds after which a candidate has failed.
        ray: The address of a Ray cluster to evaluate on, or ``local``.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.
        meter: Called with every candidate's end: how fast the search is, and how busy its workers.
        callbacks: Hear what happens: see `evonas.callbacks`.
        choices: Any other key of a recipe's ``[search]`` table (``inherit``, ``look_ahead``, ``start``,
            ``unique``, ``keep``, ``table`` ...), ``recipe``, ``epochs`` of training, or a setting of the
            strategy (``population``, ``sample``). None means the default. ``strategy`` may be a class.

    Returns:
        The search's result; read its `best` and `history`.

    Raises:
        UserError: A choice is unknown or refused, or the data cannot be used.
    """
    if toolbox is not None and operators:
        raise UserError("operators: give them to evonas.toolbox, which the search uses")
    extra = operators_from(operators)
    asked = {
        **({} if toolbox is None else toolbox.asked),
        **said(
            genome=genome_name(genome),
            dataset=dataset,
            budget=budget,
            seed=seed,
            evaluate=evaluate,
            needs=needs,
            config=config,
            data_dir=data_dir,
            **choices,
        ),
    }
    order = read_order(asked, download)
    choice = OperatorChoice(tuple(extra), toolbox)
    fitness = order.fitness
    if toolbox is not None and toolbox.is_users("evaluate"):
        fitness = Fitness(first_value(toolbox.evaluate), "genome")
    force = read_workforce(workers, devices, per_device, timeout, ray, device_memory)
    limit = read_limit(max_seconds)
    settings = resolve(force.over(order.recipe), fitness.uses_images)
    # Whatever is wrong shows before a folder is made.
    choice.check_use(settings.genome)
    bench = workbench(settings, fitness, order.data, force.driver_device)
    if bench.task is not None:
        settings = settings.for_task(bench.task)
    with Callbacks(callbacks, watch, started) as heard:
        followers = onlookers(heard.watch, heard.started, meter)
        conduct = Conduct(settings, bench, choice, force, followers, limit)
        return conducted(conduct, fitness, order.data, run)


def onlookers(watch: Watch | None, started: Started | None, meter: Metered | None) -> Onlookers:
    """Who follows a search, of those that there are."""
    return Onlookers(**said(watch=watch, started=started, meter=meter))


def conducted(conduct: Conduct, fitness: Fitness, data: DataChoice, run: str | Path | None) -> SearchResult:
    """Runs a new search to its end, in a run folder or in memory."""
    if run is not None:
        conduct.begin(Path(run), fitness, data)
        return load(run)
    journal, store = MemoryJournal(), MemoryStore()
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
        workers: Worker processes; ``auto`` for one on each share of the cores. None: in this process.
        devices: Devices with a worker each, such as ``cuda:0,cuda:1``, or ``all``.
        per_device: Candidates at a time on each of them, or ``auto``.
        device_memory: Bytes that these may take together, or a text such as ``8GB``; by default what is free.
        timeout: Seconds after which a candidate has failed.
        ray: The address of a Ray cluster to evaluate on, or ``local``.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.
        meter: Called with every candidate's end: how fast the search is, and how busy its workers.
        callbacks: Hear what happens: see `evonas.callbacks`.

    Returns:
        The result of the whole run.

    Raises:
        UserError: No run is there, it cannot be used, its data have changed, or an operator is not here.
    """
    choice = OperatorChoice(tuple(operators_from(operators)), toolbox)
    force = read_workforce(workers, devices, per_device, timeout, ray, device_memory)
    limit = read_limit(max_seconds)
    fitness = Fitness(evaluate, needs)
    if toolbox is not None and toolbox.is_users("evaluate"):
        fitness = Fitness(first_value(toolbox.evaluate), "genome")
    with open_run(Path(run), write=True) as opened:
        if opened.settings.table and fitness.function is None:
            fitness = Fitness(None, "genome", opened.settings.table)
        if opened.meta.get("fitness") != fitness.described:
            raise UserError(
                f"evaluate: the run's fitness is a {opened.meta.get('fitness')}, got {fitness.described}"
            )
        settings = _extended(opened, budget)
        if keep is not None:
            settings = replace(settings, keep=read_room(keep))
        noted = opened.meta.get("variation", {})
        choice.check(settings, noted)
        choice = choice.as_noted(settings, noted)
        bench = _same_workbench(opened, settings, fitness, data_dir, force.driver_device)
        # The journal is changed only where the run goes on.
        opened.warn_of_drift()
        if drop_damaged and (lost := opened.drop_damaged()):
            told = ", ".join(map(str, lost[:8])) + (" ..." if len(lost) > 8 else "")
            warnings.warn(
                f"run {run}: {len(lost)} damaged files of weights were dropped (candidates {told})",
                RuntimeWarning,
                stacklevel=2,
            )
        if settings != opened.settings:
            opened.change(settings)
        with Callbacks(callbacks, watch, started, opened.journal) as heard:
            followers = onlookers(heard.watch, heard.started, meter)
            conduct = Conduct(settings, bench, choice, force, followers, limit, opened.given())
            conduct.go_on(opened.journal, opened.store)
            opened.forget_given()
    return load(run)


def _extended(opened: Run[Settings], budget: int | None) -> Settings:
    """The run's settings with another budget."""
    if budget is None:
        return opened.settings
    asked, _ = opened.journal.counts()
    if isinstance(budget, int) and not isinstance(budget, bool) and 1 <= budget < asked:
        raise UserError(
            f"budget: the run has {asked} candidates already, so expected at least that, got {budget}"
        )
    return replace(opened.settings, budget=budget)


def _same_workbench(
    opened: Run[Settings],
    settings: Settings,
    fitness: Fitness,
    data_dir: str | Path | None,
    device: str | None,
) -> Workbench:
    """The evaluator of a run that goes on.

    Raises:
        UserError: The images are not those that the run began with, or its device is not here.
    """
    if fitness.uses_images and fitness.function is None:
        from .training import choose_device

        choose_device(settings.device)
    known = data_dir or opened.meta.get("data_dir")
    bench = workbench(settings, fitness, DataChoice(Path(known) if known else None), device)
    if bench.facts.get("dataset", "") != opened.meta.get("dataset", ""):
        raise UserError(
            f"table {settings.table}: its content is not what the run began with"
            if settings.table
            else f"dataset {settings.dataset}: its training images are not those that the run began with"
            f"{_then_and_now(opened.meta.get('images'), bench.facts.get('images'))}"
        )
    return bench


def _then_and_now(then: Any, now: Any) -> str:
    """What a run notes of its images beside what is there, where the two differ."""
    return f" (then {then}; now {now})" if then and now and then != now else ""


def load(run: str | Path) -> SearchResult:
    """The result of a run on disk, finished or not.

    Raises:
        UserError: No readable run is there.
    """
    opened = open_run(Path(run))
    return SearchResult(
        opened.settings, opened.journal, opened.store, opened.folder, *_described(opened.meta)
    )


def _described(facts: Mapping[str, Any]) -> tuple[Task | None, Statistics | None, tuple[str, ...]]:
    """The task, the statistics and the classes that a journal notes, where it had images."""
    return read_described(facts) if "task" in facts else (None, None, ())
