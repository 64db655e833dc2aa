"""Which network of a run is used: the finally trained one, or a candidate as the search left it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import UserError, nearest
from ..prediction import Predictor
from ..run import DESCRIPTION, FINAL
from .figures import fitness_text
from .final import Trained, load_trained

if TYPE_CHECKING:
    from ..network import Deployable
    from ..settings import RunImages


class Found(Protocol):
    """A candidate, as far as its network is concerned: an `Individual`."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def fitness(self) -> float | None:
        """What its evaluation gave."""

    def deployable(self) -> Deployable:
        """Its network."""


class Searched(Protocol):
    """A run, as far as its networks are concerned: a `SearchResult`."""

    @property
    def folder(self) -> Path | None:
        """Where it lies; None for one in memory."""

    @property
    def best(self) -> Found:
        """Its best candidate."""

    @property
    def images(self) -> RunImages:
        """What it knows of its images."""

    def individual(self, number: int) -> Found:
        """One candidate."""


WEIGHTS = ("auto", "final", "search")
"""What may be asked for; ``auto``: the finally trained network if there is one."""


def chosen_network(
    result: Searched, weights: str = "auto", number: int | None = None
) -> tuple[Deployable, str]:
    """The network of a run to use, and what it is in words.

    Args:
        result: The run.
        weights: One of `WEIGHTS`.
        number: Of the candidate, as the search left it; None for the best.

    Raises:
        UserError: There is no such network.
    """
    if weights not in WEIGHTS:
        raise UserError(f"--weights {weights!r} is unknown; {nearest(str(weights), WEIGHTS)}")
    if number is not None and weights == "final":
        raise UserError(f"--id: expected only with weights of the search, got {number} with --weights final")
    folder = None if result.folder is None else result.folder / FINAL
    finished = folder is not None and (folder / DESCRIPTION).is_file()
    if weights == "final" and not finished:
        raise UserError(f"--weights: expected a trained network in {folder}, got none; evonas train makes it")
    if folder is not None and finished and weights != "search" and number is None:
        trained = knowing_pixels(load_trained(folder), result)
        return trained.deployable(), trained_title(trained)
    individual = result.best if number is None else result.individual(number)
    return individual.deployable(), searched_title(individual)


def trained_title(trained: Trained) -> str:
    """What a finally trained network is, in words."""
    report = trained.report
    which = "" if report.get("candidate") is None else f" of candidate {report['candidate']}"
    accuracy = f", test accuracy {report['test_accuracy']:.4f}" if "test_accuracy" in report else ""
    return f"the finally trained network{which}{accuracy}"


def searched_title(individual: Found) -> str:
    """What a candidate as the search left it is, in words."""
    return f"candidate {individual.id} as the search left it, fitness {fitness_text(individual.fitness)}"


def knowing_pixels(trained: Trained, result: Searched) -> Trained:
    """A trained network that knows of its images what its run does, if they are the same.

    Those from before it was noted with the network itself know no more.
    """
    if trained.pixels is not None or trained.report.get("images_differ"):
        return trained
    return replace(trained, pixels=result.images.pixels)


def predictor_of(
    result: Searched, weights: str = "auto", number: int | None = None, device: str = "auto"
) -> Predictor:
    """What tells classes by a network of a run.

    Args:
        result: The run.
        weights: As of `chosen_network`.
        number: Likewise.
        device: ``auto``, ``cpu`` or ``cuda:0``.

    Raises:
        UserError: There is no such network or device.
    """
    network, title = chosen_network(result, weights, number)
    images = result.images
    seen = None if images.identity is None else images.seen(images.choice())
    return Predictor.of(network, title, device).knowing(seen, images.notes.get("data_dir"))


def predictor_in(folder: Path, device: str = "auto") -> Predictor:
    """What tells classes by the network in a folder that ``evonas train`` made.

    Raises:
        UserError: There is none, or no such device.
    """
    trained = load_trained(folder)
    return Predictor.of(trained.deployable(), trained_title(trained), device)
