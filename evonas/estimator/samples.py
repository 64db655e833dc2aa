"""Training samples as a dataset: which of them validate, and where they lie if a run is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import ArraySource, ImageDataset, build_dataset, default_validation_fraction, take_validation
from ..errors import UserError

IN_MEMORY = "X"
"""What messages call images that are in memory alone."""

FIT = "fit-{number}"
"""The run folder of a fit; its images are in the file beside it that is called so, too."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Images with labels, all of which a classifier may learn from.

    Attributes:
        images: Shape (N, H, W, C), uint8 or float32.
        labels: Shape (N,), from 0.
        classes: Their names.
        validating: Positions of the images that fitness is measured on.
        training: Positions of those that candidates are trained on.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    validating: NDArray[np.int64]
    training: NDArray[np.int64]

    def _part(self, index: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        return self.images[index], self.labels[index]

    def dataset(self, file: Path | None) -> ImageDataset:
        """The dataset; without test images, for none of them is kept from learning.

        Args:
            file: Where the images are written, so that a run that is kept can be resumed; None for nowhere.

        Raises:
            UserError: The file cannot be written.
        """
        train, validation = self._part(self.training), self._part(self.validating)
        if file is not None:
            parts = {"x_train": train[0], "y_train": train[1], "x_val": validation[0], "y_val": validation[1]}
            try:
                np.savez(file, allow_pickle=False, classes=np.array(self.classes), without_test=True, **parts)
            except OSError as error:
                raise UserError(f"run {file}: cannot be written: {error.strerror or error}") from None
        source = ArraySource(
            *train, classes=self.classes, mirror=None, validation=validation, without_test=True
        )
        return build_dataset(IN_MEMORY if file is None else str(file), source)


def divided(
    images: NDArray[Any],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    fraction: float | None,
    seed: int,
) -> Samples:
    """Takes a part for validation, stratified by class.

    A class with a single image is trained on and not validated on. Where every class has one, the images
    that candidates are trained on validate them, too.

    Args:
        images: Shape (N, H, W, C), uint8 or float32.
        labels: Shape (N,), from 0.
        classes: Their names.
        fraction: Part that validates; None for what evonas takes by default.
        seed: Decides which.

    Raises:
        UserError: The fraction is not between 0 and 1.
    """
    if fraction is None:
        fraction = default_validation_fraction(len(labels))
    validating, training = take_validation(labels, fraction, seed, classes, "X", lone=True)
    return Samples(images, labels, classes, validating if len(validating) else training, training)


@contextmanager
def kept_in(folder: Path | None) -> Iterator[tuple[Path | None, Path | None]]:
    """Where a fit keeps its run and its images; both go again if it ends before the run has begun.

    Args:
        folder: Where runs are kept; None for nowhere.

    Raises:
        UserError: It cannot be written.
    """
    if folder is None:
        yield None, None
        return
    run = claimed(folder)
    file = run.with_name(f"{run.name}.npz")
    try:
        yield run, file
    finally:
        if not any(run.iterdir()):
            run.rmdir()
            file.unlink(missing_ok=True)


def claimed(folder: Path) -> Path:
    """A new folder for the run of one fit, in the folder where runs are kept.

    A number is free if neither a folder nor a file of images has it: such a file may be of somebody else, or
    of a run that was moved or refined and needs it still.

    Raises:
        UserError: It cannot be made.
    """
    number = 1
    while True:
        if (folder / f"{FIT.format(number=number)}.npz").exists():
            number += 1
            continue
        try:
            (made := folder / FIT.format(number=number)).mkdir(parents=True)
            return made
        except FileExistsError:
            if not made.is_dir():
                raise UserError(f"run {folder}: expected a folder, got something else at {made}") from None
            number += 1  # of another fit, perhaps of one that runs just now
        except OSError as error:
            raise UserError(f"run {folder}: cannot be written: {error.strerror or error}") from None
