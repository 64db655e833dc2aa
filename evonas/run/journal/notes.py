"""What a journal notes of its run as a whole: of the right types, or refused. Every reader may rely on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...data import COUNTS, Identity, read_described, read_marks
from ...errors import UserError
from ...files import items, number, table, text, texts, whole

_IMAGES = ("task", "statistics", "classes")
"""Noted together, of runs that had images."""


def check_notes(notes: Mapping[str, Any]) -> None:
    """Checks every note that evonas reads; others are left aside.

    What `Settings` and `Pace` hold in detail, they check themselves.

    Args:
        notes: By key, from JSON.

    Raises:
        UserError: One has another type than evonas notes.
    """
    for key, check in _CHECKS.items():
        if key in notes:
            try:
                check(notes[key], key)
            except UserError as error:
                raise UserError(f"the file is damaged: {error}") from None
    if "task" in notes:
        try:
            read_described(notes)
        except KeyError as error:
            raise UserError(f"the file is damaged: {error} is not noted with the task") from None
        except UserError as error:
            raise UserError(f"the file is damaged: {error}") from None


def _environment(noted: Any, what: str) -> None:
    for name, value in table(noted, what).items():
        text(value, f"{what}: {name[:20]}")


def _environments(noted: Any, what: str) -> None:
    """Later environments, each with the number of results that were there when it came."""
    for pair in items(noted, what):
        if len(items(pair, what)) != 2:
            raise UserError(f"{what}: expected a number and an environment, got {pair!r:.60}")
        whole(pair[0], what)
        _environment(pair[1], what)


def _variation(noted: Any, what: str) -> None:
    found = table(noted, what)
    if found.get("registered") is not None:
        texts(found["registered"], f"{what}: registered")
    for operator in items(found.get("operators", []), f"{what}: operators"):
        if len(items(operator, f"{what}: operators")) != 3:
            raise UserError(f"{what}: expected an operator's name, weight and source, got {operator!r:.60}")
        name, weight, source = operator
        text(name, f"{what}: operators")
        text(source, f"{what}: operators")
        if number(weight, f"{what}: operators") < 0:
            raise UserError(f"{what}: operators: expected a weight of at least 0, got {weight}")


def _given(noted: Any, what: str) -> None:
    """The trained network that a run began from; its file's name is checked where it is read."""
    found = table(noted, what)
    text(found.get("file"), f"{what}: file")
    whole(found.get("size"), f"{what}: size")
    text(found.get("digest"), f"{what}: digest")
    if number(found.get("lineage_epochs"), f"{what}: lineage_epochs") < 0:
        raise UserError(f"{what}: expected epochs of at least 0, got {found['lineage_epochs']}")


def _seen(noted: Any, what: str) -> None:
    """Images that inherited weights may have seen, and whether these are known."""
    found = table(noted, what)
    read_marks(found.get("marks"), f"{what}: marks")
    if not isinstance(found.get("whole"), bool):
        raise UserError(f"{what}: whole: expected true or false, got {found.get('whole')!r:.60}")


def _validation_seen(noted: Any, what: str) -> None:
    """Of how many validation images how many had been seen before; none where that is not known."""
    found = table(noted, what)
    whole(found.get("of"), f"{what}: of", 1)
    if found.get("seen") is not None:
        whole(found["seen"], f"{what}: seen")


def _counts(noted: Any, what: str) -> None:
    """How many images there are of what."""
    found = table(noted, what)
    for name in COUNTS:
        whole(found.get(name), f"{what}: {name}", 1)


def _sessions(noted: Any, what: str) -> None:
    for session in items(noted, what):
        table(session, what)


def _text_or_none(noted: Any, what: str) -> None:
    if noted is not None:
        text(noted, what)


_CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "settings": table,
    "environment": _environment,
    "environments": _environments,
    "variation": _variation,
    "data_dir": _text_or_none,
    "fitness": text,
    "dataset": text,
    "images": text,
    "images_from": _text_or_none,
    "identity": Identity.from_dict,
    "seen": _seen,
    "validation_seen": _validation_seen,
    "counts": _counts,
    "given": _given,
    "usage": _sessions,
}
