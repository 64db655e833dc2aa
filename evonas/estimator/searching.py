"""From a classifier's wishes to a search, and the final training of what it has found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from ..api import evolve
from ..data import ImageDataset
from ..errors import UserError
from ..evolution import Candidate, genome_name
from ..network import deployable
from ..results import Individual, SearchResult, final_training
from ..search import Watch
from ..settings import said
from ..training import DivergenceError
from .fitted import FittedNetwork
from .samples import Samples, kept_in
from .small import own_tables, suited
from .units import Units
from .wishes import Wishes

Say = Callable[[str], None]
"""Hears what is done, in words."""


@dataclass(frozen=True)
class Found:
    """What came of it.

    Attributes:
        result: Of the search.
        fitted: The network.
    """

    result: SearchResult
    fitted: FittedNetwork


def search_and_train(samples: Samples, units: Units, pictures: bool, wishes: Wishes, seed: int) -> Found:
    """Searches for a network, and trains it finally on all samples.

    Args:
        samples: What is learnt from.
        units: What its images came in.
        pictures: Whether they are pictures: see `suited`.
        wishes: What is asked for.
        seed: Of all randomness.

    Raises:
        UserError: A choice is unknown or refused, all candidates have failed, or the final training has.
    """
    settings, epochs = wishes.checked_settings(), wishes.checked_epochs()
    config = own_tables(settings.pop("config", None))
    of_recipe = said(recipe=settings.get("recipe"))
    config = suited(genome_name(wishes.genome), config, of_recipe, len(samples.training), pictures)
    if epochs:
        config["final"] = {**config["final"], "epochs": epochs}
    if wishes.say is not None:
        settings["watch"] = _telling(wishes.say, settings.get("watch"))
    runs = wishes.checked_run()
    with _threads_kept(), kept_in(runs) as (folder, file):
        dataset = samples.dataset(file)
        result = evolve(
            wishes.genome, dataset, seed=seed, run=folder, config=config, **wishes.choices, **settings
        )
        best = result.best
        weights: Mapping[str, Any]
        if epochs == 0:
            weights, statistics = best.weights(), result.known_statistics()
        else:
            weights, statistics = _trained(best, dataset, seed, wishes.say_epochs), dataset.statistics()
        statistics, classes = units.raw(statistics), dataset.classes
        found = deployable(best.architecture, weights, statistics, classes, dataset.pixels, double=True)
    return Found(result, FittedNetwork(found))


def _trained(best: Individual, dataset: ImageDataset, seed: int, say: Say | None) -> Mapping[str, Any]:
    """The weights that the best has after its final training, from scratch, on all samples.

    Raises:
        UserError: Its loss was not finite.
    """
    settings, genome = best.settings, best.genome
    plan = settings.final_plan.changed(genome.training())
    compute = settings.compute

    def after_epoch(epoch: int) -> None:
        if say is not None:
            say(f"final training: epoch {epoch} of {plan.epochs}")

    images = dataset.full_training()
    try:
        return final_training(genome, dataset, images, plan, compute, seed).here(after_epoch).weights
    except DivergenceError as error:
        raise UserError(
            f"final_epochs: {error}: expected a final training that converges; 0 keeps what the search has "
            "trained, and a smaller learning_rate is a setting of [final]"
        ) from error


def _telling(say: Say, watch: Watch | None) -> Watch:
    """Hears of each candidate, says its fitness, and hands it on."""

    def told(candidate: Candidate) -> None:
        result = candidate.result
        if result is not None:
            came = f"{result.fitness:.4f}" if result.fitness is not None else f"failed: {result.reason}"
            say(f"candidate {candidate.number}: {came}")
        if watch is not None:
            watch(candidate)

    return told


@contextmanager
def _threads_kept() -> Iterator[None]:
    """Gives the process its number of PyTorch's threads back, which a search sets to that of a candidate."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
