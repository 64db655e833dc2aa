"""A run that goes on: what is changed in it, and that its images are those that it began with."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import UserError
from ..run import Run
from ..search import read_room
from .assembly import Fitness, Workbench, workbench
from .run_images import RunImages
from .settings import Settings


@dataclass(frozen=True)
class Changes:
    """What is changed in a run that goes on; nothing, by default.

    Attributes:
        budget: Candidates in all.
        keep: Room for weights that nothing needs any more, in bytes or as a text such as ``2GB``.
        data_dir: Where named datasets are kept.
        drop_damaged: Whether files of weights that are gone or damaged are done without.
        dataset: Where the run's images lie now.
    """

    budget: int | None = None
    keep: int | str | None = None
    data_dir: str | Path | None = None
    drop_damaged: bool = False
    dataset: str | None = None

    def settings_of(self, opened: Run[Settings]) -> Settings:
        """The run's settings with what is changed.

        Raises:
            UserError: The budget is below what the run has, or a value is none.
        """
        settings = opened.settings
        if self.budget is not None:
            asked, _ = opened.journal.counts()
            if type(self.budget) is int and 1 <= self.budget < asked:
                raise UserError(
                    f"budget: the run has {asked} candidates already, so expected at least that, "
                    f"got {self.budget}"
                )
            settings = replace(settings, budget=self.budget)
        if self.dataset is not None:
            if not run_images(opened).any:
                raise UserError(f"dataset: expected none, for the run has no images, got {self.dataset!r}")
            settings = replace(settings, dataset=self.dataset)
        return settings if self.keep is None else replace(settings, keep=read_room(self.keep))


def fitness_of(opened: Run[Settings], asked: Fitness) -> Fitness:
    """Who gives a run's fitness, where a caller says who gave it.

    Raises:
        UserError: It was somebody else.
    """
    fitness = asked
    if opened.settings.table and asked.function is None:
        fitness = Fitness(None, "genome", opened.settings.table)
    if opened.meta.get("fitness") != fitness.described:
        raise UserError(
            f"evaluate: the run's fitness is a {opened.meta.get('fitness')}, got {fitness.described}"
        )
    return fitness


def same_workbench(
    opened: Run[Settings],
    settings: Settings,
    fitness: Fitness,
    data_dir: str | Path | None,
    device: str | None,
) -> Workbench:
    """The evaluator of a run that goes on.

    Args:
        opened: The run.
        settings: With what is changed.
        fitness: Who gives fitness.
        data_dir: Where named datasets are kept, if elsewhere than before.
        device: Where the images are put, if elsewhere than the settings say.

    Raises:
        UserError: The images are not those that the run began with, or its device is not here.
    """
    if fitness.uses_images and fitness.function is None:
        from ..training import choose_device

        choose_device(settings.device)
    images = run_images(opened)
    data = images.choice(None if data_dir is None else Path(data_dir))
    dataset = None
    if fitness.uses_images:
        named = settings.dataset if settings.dataset != opened.settings.dataset else None
        dataset = images.find(data, named)
    bench = workbench(settings, fitness, data, device, dataset)
    if settings.table and bench.facts.get("dataset", "") != opened.meta.get("dataset", ""):
        raise UserError(f"table {settings.table}: its content is not what the run began with")
    return bench


def run_images(opened: Run[Settings]) -> RunImages:
    """What an open run knows of its images."""
    return RunImages(opened.settings, opened.meta, opened.folder)


def drop_damaged_weights(opened: Run[Settings]) -> None:
    """Goes on without files of weights that are gone or damaged, and says whose they were."""
    if lost := opened.drop_damaged():
        told = ", ".join(map(str, lost[:8])) + (" ..." if len(lost) > 8 else "")
        warnings.warn(
            f"run {opened.folder}: {len(lost)} damaged files of weights were dropped (candidates {told})",
            RuntimeWarning,
            stacklevel=4,
        )
