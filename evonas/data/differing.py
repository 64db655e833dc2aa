"""In what the images that are there differ from those that were, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from .identity import Identity

Others = Callable[[], Identity]
"""Reads the images that are no training images now: those kept for the test and those left out."""


def differences(then: Identity, now: Identity, others: Others) -> list[str]:
    """What differs, the largest first; empty where nothing does.

    Args:
        then: The images as they were.
        now: As they are.
        others: Asked only where something differs, to tell images that are gone from such as have become test
            images.
    """
    if then.same_as(now):
        return []
    rest = others()
    said = []
    if then.total != now.total:
        said.append(f"{_images(then.total)} then, {now.total:,} now")
    if then.classes != now.classes:
        said.append(f"classes then {_named(then.classes)}, now {_named(now.classes)}")
    if then.form != now.form:
        said.append(f"images brought to {_form(then)} then, {_form(now)} now")
    return said + (
        _of_images(then, now, rest) or ([] if said else ["only labels of images kept for the test"])
    )


def _of_images(then: Identity, now: Identity, rest: Identity) -> list[str]:
    """What differs in content, labels and order."""
    here = Counter(now.marks.tolist()) + Counter(rest.marks.tolist())
    gone = sum((Counter(then.marks.tolist()) - here).values())
    named_now = Counter(now.named()) + Counter(rest.named())
    relabelled = sum((Counter(then.named()) - named_now).values()) - gone
    said = []
    if gone:
        said.append(
            f"{gone:,} of the {_images(len(then))} that the search had are gone or have other content"
        )
    if relabelled > 0:
        only = "" if gone or then.total != now.total else "only labels: "
        said.append(f"{only}{_images(relabelled)} of those have another label")
    if said:
        return said
    if then.own_validation == now.own_validation and then.marks.tolist() == now.marks.tolist():
        return []
    if then.total != now.total:
        return ["so other images are kept for the test"]
    return ["only their order, or how they are divided: the images and their labels are the same"]


def _images(count: int) -> str:
    return f"{count:,} image{'s' if count != 1 else ''}"


def _named(classes: tuple[str, ...]) -> str:
    most = 8
    more = f" and {len(classes) - most} more" if len(classes) > most else ""
    return ", ".join(classes[:most]) + more


def _form(identity: Identity) -> str:
    height, width, channels, kind = identity.form
    return f"{channels}×{height}×{width} {kind}"
