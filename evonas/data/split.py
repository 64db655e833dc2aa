"""Stratified, seeded splits by index, the same on every machine and with every version of numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

TEST_SPLIT_SEED = 2017
"""Fixed: the test images that are taken off a dataset without a test part are the same in every run."""

DEFAULT_TEST_FRACTION = 0.2
SMALL_SET = 10_000
"""Below so many training images a fifth of them validates, from there on a tenth (CIFAR-10: 5,000)."""

# The purpose goes into the seed, so that equal seeds do not make one split predict another.
_TEST, _LIMIT, _VALIDATION = 1, 2, 3

Indices = NDArray[np.int64]


def default_validation_fraction(images: int) -> float:
    """The part of the training images that validates when nothing is asked for.

    >>> default_validation_fraction(1_437), default_validation_fraction(50_000)
    (0.2, 0.1)
    """
    return 0.2 if images < SMALL_SET else 0.1


def take_test(
    labels: Indices, fraction: float, classes: Sequence[str], name: str, validated: bool = False
) -> tuple[Indices, Indices]:
    """Takes a test part off: positions of the test images and of the rest, both ascending.

    Args:
        labels: Of all images.
        fraction: Part that is taken.
        classes: Names, for messages.
        name: Of the dataset, likewise.
        validated: Whether it has validation images of its own, so that one image of a class may be left.

    Raises:
        UserError: A fraction outside (0, 1), or a class with fewer than three images.
    """
    check_fraction(fraction, "test_fraction")
    needs = (
        "2 images (one each to test and train)"
        if validated
        else "3 images (one each to test, validate and train)"
    )
    reason = f"{name}: has no test part, so each class needs {needs}"
    total = round(fraction * len(labels))
    leave = 1 if validated else 2
    return _stratified(labels, total, (_TEST, TEST_SPLIT_SEED), classes, least=1, leave=leave, reason=reason)


def limit_images(labels: Indices, limit: int, seed: int, classes: Sequence[str], name: str) -> Indices:
    """Positions of a subset of ``limit`` images, ascending; all of them if there are no more.

    Raises:
        UserError: A limit below two images a class, or a class with fewer than two images.
    """
    check_integer(seed, "seed", 0)
    check_integer(limit, "train_limit", 1)
    if limit < 2 * len(classes):
        raise UserError(
            f"train_limit: expected at least 2 images for each of the {len(classes)} classes of {name}, "
            f"{2 * len(classes)} in all, got {limit}"
        )
    if limit >= len(labels):
        return np.arange(len(labels), dtype=np.int64)
    reason = f"{name}: with train_limit, each class needs 2 training images"
    return _stratified(labels, limit, (_LIMIT, seed), classes, least=2, leave=0, reason=reason)[0]


def take_validation(
    labels: Indices, fraction: float, seed: int, classes: Sequence[str], name: str, *, lone: bool = False
) -> tuple[Indices, Indices]:
    """Takes a validation part off: positions of the validation images and of the rest, both ascending.

    Args:
        labels: Of all images, from 0.
        fraction: Part that validates.
        seed: Decides which.
        classes: Names, for messages.
        name: Of the dataset, likewise.
        lone: Whether a class may have a single image, which is then trained on and not validated on.

    Raises:
        UserError: A fraction outside (0, 1), or a class with fewer than two images where none may be alone.
    """
    check_fraction(fraction, "validation_fraction")
    check_integer(seed, "seed", 0)
    reason = f"{name}: to split off validation images, each class needs 2 training images"
    total = round(fraction * len(labels))
    return _stratified(
        labels, total, (_VALIDATION, seed), classes, least=1, leave=1, reason=reason, lone=lone
    )


def check_fraction(fraction: float, what: str) -> None:
    """Refuses what is no number strictly between 0 and 1."""
    number = isinstance(fraction, (int, float)) and not isinstance(fraction, bool)
    if not number or not 0 < fraction < 1:
        raise UserError(f"{what}: expected a number between 0 and 1, both excluded, got {fraction!r}")


def check_integer(value: int, what: str, least: int) -> None:
    """Refuses what is no integer, or one below ``least``."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise UserError(f"{what}: expected an integer of at least {least}, got {value!r}")


def _stratified(
    labels: Indices,
    total: int,
    seed: tuple[int, int],
    classes: Sequence[str],
    *,
    least: int,
    leave: int,
    reason: str,
    lone: bool = False,
) -> tuple[Indices, Indices]:
    """Splits positions in two, the first part with about ``total`` of them.

    Of every class at least ``least`` are taken and at least ``leave`` stay, which goes before ``total``. Of a
    class that has not enough for both, all stay where classes may be so small (``lone``).
    """
    counts = np.bincount(labels, minlength=len(classes))
    for number in () if lone else np.flatnonzero(counts < least + leave).tolist():
        raise UserError(f"{reason}; class {classes[number]!r} has {counts[number]}")
    quotas = _quotas(counts.tolist(), total, least, leave)
    # Raw bits of a bit generator never change between versions of numpy; Generator.permutation may.
    keys = np.random.PCG64(seed).random_raw(len(labels))
    by_class = np.lexsort((keys, labels))
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).tolist()
    taken = np.zeros(len(labels), dtype=bool)
    for start, quota in zip(starts, quotas, strict=True):
        taken[by_class[start : start + quota]] = True
    return np.flatnonzero(taken).astype(np.int64), np.flatnonzero(~taken).astype(np.int64)


def _quotas(counts: list[int], total: int, least: int, leave: int) -> list[int]:
    """Shares ``total`` out in proportion to ``counts`` by largest remainder, within each class's bounds."""
    ideal = [count * total / sum(counts) for count in counts]
    upper = [max(0, count - leave) for count in counts]
    quotas = [min(max(math.floor(share), least), top) for share, top in zip(ideal, upper, strict=True)]
    while sum(quotas) != total:
        step = 1 if sum(quotas) < total else -1
        movable = [i for i, quota in enumerate(quotas) if (quota < upper[i] if step > 0 else quota > least)]
        if not movable:
            break
        quotas[max(movable, key=lambda i: step * (ideal[i] - quotas[i]))] += step
    return quotas
