"""Which arrays of an .npz file are which: ``x_train``, MedMNIST's ``train_images``, and other spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UserError
from .parts import TEST, TRAIN, UNCLEAR, VALIDATION, part_of

_ROLES = {
    "x": ("x", "images", "image", "imgs", "data"),
    "y": ("y", "labels", "label", "targets", "target"),
}
CLASSES = "classes"
WITHOUT_TEST = "without_test"
"""Where a file has this key, whatever it holds, there are no test images, and none are split off."""
_UNDERSTOOD = (
    "understood are x_train, y_train with x_val, y_val and x_test, y_test or without them "
    "(or train_images, train_labels and so on)"
)


@dataclass(frozen=True)
class Pair:
    """The keys of one part: its images and its labels."""

    x: str
    y: str


@dataclass(frozen=True)
class Keys:
    """What the arrays of a file are.

    Attributes:
        train: To train on.
        validation: Validation images of the dataset's own; None where they are split off.
        test: Likewise.
        passed: Keys of other arrays, which are passed over.
        without_test: Whether no test part is to be split off.
    """

    train: Pair
    validation: Pair | None = None
    test: Pair | None = None
    passed: tuple[str, ...] = ()
    without_test: bool = False


def find_keys(keys: Iterable[str]) -> Keys:
    """Finds the parts of a dataset by the names of arrays.

    Raises:
        UserError: A key is missing, there twice, or says a part without saying which.
    """
    there = sorted(keys)
    found: dict[tuple[str, str], list[str]] = {}
    passed = []
    for key in there:
        if said := _said(key):
            found.setdefault(said, []).append(key)
        elif key not in (CLASSES, WITHOUT_TEST):
            passed.append(key)
    for (part, _), several in found.items():
        if part == UNCLEAR:
            raise UserError(
                f"the key {several[0]} says part of a dataset, but not whether to train, validate or test; "
                f"{_UNDERSTOOD}"
            )
        if len(several) > 1:
            raise UserError(f"expected one array of each kind, got {' and '.join(several)}; {_UNDERSTOOD}")
    named = {said: several[0] for said, several in found.items()}
    wanted = [
        part for part in (TRAIN, VALIDATION, TEST) if part == TRAIN or {(part, "x"), (part, "y")} & set(named)
    ]
    missing = [f"{role}_{part}" for part in wanted for role in ("x", "y") if (part, role) not in named]
    if missing:
        names = ", ".join(f"x_{part}, y_{part}" for part in wanted)
        raise UserError(
            f"expected the keys {names}, got {', '.join(there) or 'none'} (missing: {', '.join(missing)}); "
            f"{_UNDERSTOOD}"
        )
    pairs = {part: Pair(named[part, "x"], named[part, "y"]) for part in wanted}
    without = WITHOUT_TEST in there
    return Keys(pairs[TRAIN], pairs.get(VALIDATION), pairs.get(TEST), tuple(passed), without)


def own_keys(keys: Iterable[str]) -> tuple[str, str | None]:
    """Which arrays are images to predict, and their labels if there are any: ``x`` and ``y``, or a test part.

    Raises:
        UserError: Neither is there.
    """
    there = sorted(keys)
    plain = {
        role: [key for key in there if key.lower() in names] for role, names in _ROLES.items()
    }  # fmt: skip
    test = {
        role: [key for key in there if _said(key) == (TEST, role)] for role in _ROLES
    }  # fmt: skip
    for found in (plain, test):
        if len(found["x"]) == 1 and len(found["y"]) <= 1:
            return found["x"][0], next(iter(found["y"]), None)
    raise UserError(
        "expected the images to predict as x, with their labels as y or without, or x_test and y_test, got "
        f"the keys {', '.join(there) or 'none'}; of a dataset, --test-part takes what a search keeps for the "
        "test"
    )


def keys_before(keys: Iterable[str]) -> Keys:
    """What was found before other names were asked for, so that runs of then go on with the same images.

    Raises:
        UserError: A key is missing.
    """
    old = {"x_train", "y_train", "x_test", "y_test"}
    return find_keys(key for key in keys if key in old)


def _said(key: str) -> tuple[str, str] | None:
    """The part and the role (``x`` or ``y``) that a key says; None where it does not say both.

    >>> _said("X_train"), _said("valImages"), _said("test_ids"), _said("x")
    (('train', 'x'), ('val', 'x'), None, None)
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", key)]
    for role, names in _ROLES.items():
        for place in (0, -1):
            rest = words[1:] if place == 0 else words[:-1]
            if rest and words[place] in names and (part := part_of("".join(rest))):
                return part, role
    return None
