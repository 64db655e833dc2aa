"""Putting a search together: from its settings to data, evaluator and strategy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from ..data import ImageDataset, load_dataset
from ..errors import UserError
from ..evolution import Heritage
from ..evolution.strategies import Start, Strategy
from ..run import WeightStore
from ..run.journal import Journal
from ..search import Evaluator, Limits, Needs, Search, UserFunction, Watch
from ..search.executors import Executor
from ..tables import TableEvaluator, read_table
from ..task import Task
from ..training import FunctionEvaluator
from .operator_choice import OperatorChoice
from .settings import Settings, check_tactics, strategy_type


@dataclass(frozen=True)
class Fitness:
    """Who gives fitness: a function of the caller's, a table, or training where there is neither.

    Attributes:
        function: ``function(thing, rng) -> float`` or a dict with ``fitness``.
        needs: What `thing` is: ``genome``, ``architecture`` or ``network``.
        table: A file of trained networks; empty for none.
    """

    function: UserFunction | None = None
    needs: Needs = "network"
    table: str = ""

    @property
    def uses_images(self) -> bool:
        """Whether a dataset is needed, if only for the shape of its images."""
        return not self.table and (self.function is None or self.needs != "genome")

    @property
    def described(self) -> str:
        """A word for the journal."""
        if self.table:
            return "table"
        return "training" if self.function is None else f"function of {self.needs}"


@dataclass(frozen=True)
class DataChoice:
    """How named datasets are found, beside their name.

    Attributes:
        data_dir: Where they are kept; None for the usual place.
        download: Fetch one that is not there.
    """

    data_dir: Path | None = None
    download: bool = False

    def open(self, name: str, train_limit: int | None, **reading: Any) -> ImageDataset:
        """Loads a dataset.

        Args:
            name: As of `load_dataset`.
            train_limit: Likewise.
            reading: How files of a folder are read: see `Settings.reading`.

        Raises:
            UserError: There is none, or it cannot be used.
        """
        return load_dataset(
            name, data_dir=self.data_dir, download=self.download, train_limit=train_limit, **reading
        )


@dataclass(frozen=True)
class Workbench:
    """What evaluations work on: the evaluator, and what it says of the images.

    Attributes:
        evaluator: Gives fitness.
        facts: ``dataset`` (fingerprint), ``identity``, ``task``, ``statistics``, ``pixels`` and, where they
            are trained on, ``images`` (what became of them, in words) and ``counts`` (how many there are),
            for the journal; or the table's fingerprint as ``dataset``.
        task: The shape of the images, where there are any.
    """

    evaluator: Evaluator
    facts: dict[str, Any]
    task: Task | None = None


def workbench(
    settings: Settings,
    fitness: Fitness,
    data: DataChoice,
    device: str | None = None,
    dataset: ImageDataset | None = None,
) -> Workbench:
    """Loads the images, if any are needed, and makes the evaluator.

    Args:
        settings: The search's.
        fitness: Who gives fitness.
        data: How named datasets are found.
        device: Where the images are put, if elsewhere than the settings say.
        dataset: The images, where they are open already.

    Raises:
        UserError: The dataset cannot be used, or its images do not suit the genome.
    """
    if settings.table:
        table = read_table(settings.table)
        evaluator = TableEvaluator(table, settings.dataset, settings.plan.epochs)
        return Workbench(evaluator, {"dataset": table.fingerprint})
    if not fitness.uses_images:
        placeholder = Task(1, 1, 1, 2)  # a function of genomes decodes nothing
        return Workbench(FunctionEvaluator(fitness.function or _nothing, fitness.needs, placeholder), {})
    if dataset is None:
        dataset = data.open(settings.dataset, settings.train_limit, **settings.reading)
    settings.make_space().check(dataset.task)
    split = dataset.search_split()
    statistics = dataset.statistics(split)
    task = dataset.task
    facts = {
        "dataset": split.fingerprint,
        "task": {
            "channels": task.channels,
            "height": task.height,
            "width": task.width,
            "classes": task.classes,
        },
        "statistics": [list(statistics.mean), list(statistics.std)],
        "classes": list(dataset.classes),
        "pixels": asdict(dataset.pixels),
        "identity": dataset.identity().to_dict(),
    }
    if fitness.function is not None:
        function = FunctionEvaluator(
            fitness.function, fitness.needs, task, settings.inherit, settings.ceilings
        )
        return Workbench(function, facts, task)
    facts["images"] = dataset.account(split)
    facts["counts"] = split.counts()
    from ..training import TrainingEvaluator

    compute = settings.compute.on(device) if device else settings.compute
    trainer = TrainingEvaluator(
        split,
        statistics,
        task,
        settings.plan,
        compute,
        dataset.mirror,
        settings.inherit,
        settings.verify_morphisms,
        settings.ceilings,
    )
    return Workbench(trainer, facts, task)


def _nothing(*_: Any) -> float:
    raise UserError("evaluate: expected a function, got none")


def make_strategy(settings: Settings, choice: OperatorChoice, given: bool = False) -> Strategy:
    """The strategy that settings describe, before it has heard anything.

    Args:
        settings: The search's, which may come from anybody's journal.
        choice: Its operators.
        given: Whether the start genotype comes with trained weights.

    Raises:
        UserError: It has no such settings.
    """
    kind = strategy_type(settings.strategy)
    check_tactics(kind, settings.tactics)
    toolbox = choice.toolbox_for(settings)
    start = Start(settings.start_genome(), settings.seed, given, settings.asynchronous)
    try:
        signature(kind).bind(toolbox, start, **settings.tactics)
    except TypeError as error:
        raise UserError(f"strategy {settings.strategy!r}: its settings do not suit it: {error}") from None
    return kind(toolbox, start, **settings.tactics)


def search_for(
    settings: Settings,
    executor: Executor,
    journal: Journal,
    store: WeightStore,
    choice: OperatorChoice,
    max_seconds: float | None,
    watch: Watch,
    given: Heritage | None = None,
) -> Search:
    """The search that settings describe, over a journal that may hold its beginning."""
    strategy = make_strategy(settings, choice, given is not None)
    pool = settings.inherit == "pool"
    look_ahead = settings.look_ahead
    if settings.asynchronous:
        look_ahead = max(look_ahead, executor.slots + 1)
    limits = Limits(
        settings.budget,
        look_ahead,
        max_seconds,
        settings.unique,
        pool,
        asynchronous=settings.asynchronous,
        keep=settings.keep,
    )
    return Search(strategy, executor, journal, store, settings.seed, limits, watch, given)
