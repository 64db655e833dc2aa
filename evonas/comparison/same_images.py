"""Whether runs had the same images, wherever these lay: accuracies on others are not compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..data import Identity
from ..errors import UserError
from ..settings import Settings


class Began(NamedTuple):
    """How a run began.

    Attributes:
        folder: Where it is.
        settings: Its settings.
        notes: What it noted of its images.
    """

    folder: Path
    settings: Settings
    notes: Mapping[str, Any]


def check_same_images(first: Began, other: Began) -> None:
    """Holds a run to the table and the images of another one.

    Runs of other limits (``train_limit``) are compared as well: of these all images count that have a label,
    and those that one kept for the test.

    Raises:
        UserError: They had others.
    """
    (place, expected, then), (folder, settings, now) = first, other
    for name in ("dataset", "table"):
        own, wanted = getattr(settings, name), getattr(expected, name)
        if own != wanted and not (name == "dataset" and _known_alike(first, other)):
            raise UserError(f"run {folder}: expected {name} {wanted!r} as of {place}, got {own!r}")
    if settings.table or not then.get("dataset") or not now.get("dataset"):
        return
    if not _alike(first, other):
        raise UserError(
            f"run {folder}: expected the images of {place}, got others, though both were found at "
            f"{settings.dataset}: accuracies on them cannot be compared"
        )


def _known_alike(first: Began, other: Began) -> bool:
    """Whether images of other names are known to be the same."""
    known = all(run.notes.get("identity") for run in (first, other))
    return known and not other.settings.table and _alike(first, other)


def _alike(first: Began, other: Began) -> bool:
    (_, expected, then), (_, settings, now) = first, other
    limited = expected.train_limit != settings.train_limit
    if not limited and expected.reading == settings.reading:
        return bool(then["dataset"] == now["dataset"])
    if then.get("identity") is None or now.get("identity") is None:
        return True  # their names are equal, and no more is known
    one, two = Identity.from_dict(then["identity"]), Identity.from_dict(now["identity"])
    labels, others = (
        (found.classes, found.total, found.all_labels, found.own_validation) for found in (one, two)
    )
    return labels == others and (limited or one.marks.tolist() == two.marks.tolist())
