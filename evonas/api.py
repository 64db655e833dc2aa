"""The library's front door: `evolve`, `resume` and `load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .assembly import DataChoice, Fitness, Watch, Workbench, compose, resolve, search_for, workbench
from .candidate import Candidate
from .data.images import Statistics
from .errors import UserError
from .evaluation import Needs, UserFunction
from .journal import MemoryJournal
from .result import SearchResult
from .run import Run
from .settings import Settings
from .task import Task
from .weights import MemoryStore

Started = Callable[[Settings, int], None]
"""Called before the first evaluation: with the settings, and how many candidates have ended before."""


def _silent(candidate: Candidate) -> None:
    """Watches without saying anything."""


def _quiet_start(settings: Settings, evaluated: int) -> None:
    """Begins without saying anything."""


def evolve(
    genome: str | None = None,
    dataset: str | None = None,
    *,
    budget: int | None = None,
    seed: int | None = None,
    run: str | Path | None = None,
    evaluate: UserFunction | None = None,
    needs: Needs = "network",
    config: str | Path | Mapping[str, Any] | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
    max_seconds: float | None = None,
    watch: Watch = _silent,
    started: Started = _quiet_start,
    **choices: Any,
) -> SearchResult:
    """Searches for a network.

    Args:
        genome: Name of the genome; by default the one that `config` names, else ``amoeba``.
        dataset: A dataset's name, FILE.npz, or a folder of images; by default the embedded ``digits``.
        budget: Candidates to evaluate.
        seed: Of all randomness: the same seed gives the same search.
        run: A new or empty folder for the journal and the weights; without one all stays in memory.
        evaluate: A fitness of your own, ``function(thing, rng) -> float`` or a dict with ``fitness`` and
            other metrics; by default the validation accuracy after training.
        needs: What `evaluate` is given: ``genome``, ``architecture`` or ``network``.
        config: A recipe file, or its tables as a dict, laid over the genome's own recipe.
        data_dir: Where named datasets are kept.
        download: Fetch a named dataset that is not there.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.
        choices: Any other key of a recipe's ``[search]`` table (``inherit``, ``look_ahead``, ``start`` ...),
            ``epochs`` of training, or a setting of the strategy (``population``, ``sample``). None means
            the default.

    Returns:
        The search's result; read its `best` and `history`.

    Raises:
        UserError: A choice is unknown or refused, or the data cannot be used.
    """
    fitness = Fitness(evaluate, needs)
    asked = {"dataset": dataset, "budget": budget, "seed": seed, **choices}
    recipe = compose(genome, config, {key: value for key, value in asked.items() if value is not None})
    settings = resolve(recipe, fitness.uses_images)
    choice = DataChoice(Path(data_dir) if data_dir is not None else None, download)
    bench = workbench(settings, fitness, choice)  # whatever is wrong shows before a folder is made
    if run is None:
        journal, store = MemoryJournal(), MemoryStore()
        started(settings, 0)
        search_for(settings, bench.evaluator, journal, store, max_seconds, watch).run()
        return SearchResult(settings, journal, store, None, *_described(bench.facts))
    facts = {**bench.facts, "fitness": fitness.described, "data_dir": str(data_dir) if data_dir else None}
    with Run.create(Path(run), settings, **facts) as opened:
        started(settings, 0)
        search_for(settings, bench.evaluator, opened.journal, opened.store, max_seconds, watch).run()
    return load(run)


def resume(
    run: str | Path,
    *,
    budget: int | None = None,
    evaluate: UserFunction | None = None,
    needs: Needs = "network",
    data_dir: str | Path | None = None,
    max_seconds: float | None = None,
    watch: Watch = _silent,
    started: Started = _quiet_start,
) -> SearchResult:
    """Continues a run that was stopped or killed, or extends one that has ended.

    Args:
        run: The run folder.
        budget: Candidates in all; by default what the run was started with.
        evaluate: The function that gave the run's fitness, where one did.
        needs: As it was.
        data_dir: Where named datasets are kept, if elsewhere than before.
        max_seconds: No evaluation begins after so long.
        watch: Called with every candidate that has ended.
        started: Called once, before the first evaluation.

    Returns:
        The result of the whole run.

    Raises:
        UserError: No run is there, it cannot be used, or its data have changed.
    """
    fitness = Fitness(evaluate, needs)
    with Run.open(Path(run), write=True) as opened:
        if opened.meta.get("fitness") != fitness.described:
            raise UserError(
                f"evaluate: the run's fitness is a {opened.meta.get('fitness')}, got {fitness.described}"
            )
        settings = _extended(opened, budget)
        bench = _same_workbench(opened, settings, fitness, data_dir)
        if settings != opened.settings:
            opened.change(settings)
        started(settings, opened.journal.counts()[1])
        search_for(settings, bench.evaluator, opened.journal, opened.store, max_seconds, watch).run()
    return load(run)


def _extended(opened: Run, budget: int | None) -> Settings:
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
    opened: Run, settings: Settings, fitness: Fitness, data_dir: str | Path | None
) -> Workbench:
    """The evaluator of a run that goes on.

    Raises:
        UserError: The images are not those that the run began with, or its device is not here.
    """
    if fitness.function is None:
        from .training.device import choose_device

        choose_device(settings.device)
    known = data_dir or opened.meta.get("data_dir")
    bench = workbench(settings, fitness, DataChoice(Path(known) if known else None))
    if bench.facts.get("dataset", "") != opened.meta.get("dataset", ""):
        raise UserError(
            f"dataset {settings.dataset}: its training images are not those that the run began with"
        )
    return bench


def load(run: str | Path) -> SearchResult:
    """The result of a run on disk, finished or not.

    Raises:
        UserError: No readable run is there.
    """
    opened = Run.open(Path(run))
    return SearchResult(
        opened.settings, opened.journal, opened.store, opened.folder, *_described(opened.meta)
    )


def _described(facts: Mapping[str, Any]) -> tuple[Task | None, Statistics | None, tuple[str, ...]]:
    """The task, the statistics and the classes that a journal notes, where it had images."""
    if "task" not in facts:
        return None, None, ()
    mean, std = facts["statistics"]
    return Task(**facts["task"]), Statistics(tuple(mean), tuple(std)), tuple(facts["classes"])
