"""What a search says before its first candidate: what it is, and what of it may surprise."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..results import number_of

if TYPE_CHECKING:
    from ..settings import Recipe, Settings

FEW_STEPS = 20
"""A training of fewer steps hardly moves a network's weights from where they began."""


def headline_of(settings: Settings) -> str:
    """A search in one line."""
    epochs = number_of(settings.plan.epochs, "epoch")
    if settings.table:
        return (
            f"{settings.genome} on {settings.dataset}: {number_of(settings.budget, 'candidate')} by "
            f"{settings.strategy}, looked up after {epochs} in {settings.table}, seed {settings.seed}"
        )
    threads = f", {number_of(settings.threads, 'thread')}" if settings.device == "cpu" else ""
    return (
        f"{settings.genome} on {settings.dataset}: {number_of(settings.budget, 'candidate')} by "
        f"{settings.strategy}, {epochs} each, seed {settings.seed}, "
        f"{settings.device} ({settings.precision}{threads})"
    )


def opening_lines(settings: Settings, folder: Path, recipe: Recipe | None, new: bool) -> list[str]:
    """All that a search begins with, for people.

    Args:
        settings: The search's.
        folder: Its run folder, whose journal says what became of the images.
        recipe: What the settings were resolved from, if that is known.
        new: Whether it begins here, so that what its settings lead to can still be changed.
    """
    noted = _noted(folder)
    lines = [headline_of(settings), noted.get("images", ""), running_line(folder)]
    if new:
        lines += [few_steps(settings, noted["counts"]["training"])] if "counts" in noted else []
        lines += [] if recipe is None else [lowered(settings, recipe)]
    return [line for line in lines if line]


def running_line(folder: Path) -> str:
    """Where a search is kept."""
    return f"run {folder} (Ctrl-C stops, evonas resume goes on)"


def _noted(folder: Path) -> dict[str, Any]:
    """What a run's journal noted when it began."""
    from ..api import load

    with closing((result := load(folder)).journal):
        return result.journal.meta()


def few_steps(settings: Settings, images: int) -> str:
    """That a whole training has few steps, and what to do; empty where it has not.

    Args:
        settings: The search's.
        images: That candidates are trained on.
    """
    from ..training import steps_per_epoch

    plan = settings.plan
    an_epoch = steps_per_epoch(images, plan.batch_size)
    steps = an_epoch * plan.epochs
    if steps >= FEW_STEPS:
        return ""
    size = min(plan.batch_size, images)
    return (
        f"few steps: {an_epoch} of {number_of(size, 'image')} an epoch, {steps} in a training: more --epochs "
        "(or a smaller training.batch_size) would tell candidates apart better"
    )


def lowered(settings: Settings, recipe: Recipe) -> str:
    """That the budget makes the population smaller than it is otherwise; empty where it does not."""
    from ..settings import usual_population

    usual, population = usual_population(recipe, settings.strategy), settings.tactics.get("population")
    if usual == population:
        return ""
    whose = "recipe" if "population" in recipe["strategy"] else "strategy"
    return (
        f"population {population} instead of the {whose}'s {usual}, since the budget is {settings.budget} "
        "(at most a third of it, unless --population names one)"
    )
