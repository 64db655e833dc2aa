"""The images of a search that begins with another's weights: that one's own, or others, which is said."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import ImageDataset, Marks
from ..errors import UserError
from .assembly import DataChoice
from .run_images import RunImages, noted_as_seen
from .settings import Settings


@dataclass(frozen=True)
class ClimbingImages:
    """Images to climb on from a network that has been trained.

    Attributes:
        dataset: The images.
        notes: What the journal notes of what the network may have seen of them: ``seen``, and
            ``validation_seen`` where the division is not the one by which it was trained.
    """

    dataset: ImageDataset
    notes: dict[str, Any]


def images_to_climb_on(
    before: RunImages | None, settings: Settings, asked: Mapping[str, Any], data: DataChoice
) -> ClimbingImages | None:
    """Opens the images of a search that inherits weights.

    Args:
        before: What the search that the weights come from knows of its images.
        settings: Of the search that begins.
        asked: What its caller has said; a ``dataset`` among it may be other images.
        data: How named datasets are found.

    Returns:
        None where the search before had no images that could be compared.

    Raises:
        UserError: None were named, and those of the search before are gone or have changed.
    """
    if before is None or not before.any:
        return None
    named = asked.get("dataset")
    if named is None:
        try:
            dataset, differing = before.find(data), ""
        except UserError as error:
            raise UserError(f"{error}; or name with dataset (--dataset) what else to refine on") from None
    else:
        dataset = before.open(data, named, **settings.reading)
        differing = before.differing(dataset)
        _warn_of_classes(dataset, before.notes.get("classes"))
    again = settings.train_limit != before.settings.train_limit
    if named is None and settings.reading != before.settings.reading:
        again = True
    if not differing and not again:
        return ClimbingImages(dataset, _as_before(dataset, before.notes))
    seen = before.seen(data)
    if again:
        dataset = data.open(dataset.name, settings.train_limit, **settings.reading)
        other = "train_limit" if settings.train_limit != before.settings.train_limit else "way to read them"
        differing = differing or f"another {other}"
    return ClimbingImages(dataset, _notes(dataset, seen, differing))


def _as_before(dataset: ImageDataset, notes: Mapping[str, Any]) -> dict[str, Any]:
    """Notes of a search that goes on with the images of the one before, what that began with included."""
    kept = {key: notes[key] for key in ("seen", "validation_seen") if notes.get(key) is not None}
    if noted := kept.get("validation_seen"):
        _warn(dataset, noted["seen"], noted["of"], "as its search's own beginning had")
    return kept


def _notes(dataset: ImageDataset, seen: Marks | None, differing: str) -> dict[str, Any]:
    """Notes how many validation images the network may have seen, and warns of it."""
    validating = dataset.validated_on()
    count = None if seen is None else int(np.isin(validating, seen).sum())
    _warn(dataset, count, len(validating), f"not the images of its search: {differing}")
    return {"seen": noted_as_seen(seen), "validation_seen": {"seen": count, "of": len(validating)}}


def _warn_of_classes(dataset: ImageDataset, then: list[str] | None) -> None:
    """Warns where outputs have been other classes, or the same in another order."""
    if then and then != list(dataset.classes):
        warnings.warn(
            f"dataset {dataset.name}: the network that is begun with is for classes {', '.join(then[:8])}, "
            f"in this order; now these are {', '.join(dataset.classes[:8])}",
            RuntimeWarning,
            stacklevel=4,
        )


def _warn(dataset: ImageDataset, count: int | None, of: int, why: str) -> None:
    """Warns of validation images that the network may have seen, where there are any."""
    if count != 0:
        known = "an unknown number" if count is None else f"{count:,}"
        warnings.warn(
            f"dataset {dataset.name}: the network that is begun with may have seen {known} of the "
            f"{of:,} validation images ({why}): fitness on them says little of new images",
            RuntimeWarning,
            stacklevel=5,
        )


def said_of_validation(notes: Mapping[str, Any]) -> str:
    """What a run notes of validation images that the network it began with may have seen; often nothing."""
    noted = notes.get("validation_seen")
    if noted is None or noted["seen"] == 0:
        return ""
    known = "an unknown number" if noted["seen"] is None else f"{noted['seen']:,}"
    of = f"{noted['of']:,} validation images"
    return f"careful: the network that this began with may have seen {known} of the {of}"
