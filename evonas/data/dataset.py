"""A dataset as a search sees it: training images to split, and test images that are read at the very end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..task import Pixels, Statistics, Task
from .account import Account
from .identity import Identity
from .images import Images, Split, channel_statistics
from .marks import Marks, gathered
from .split import Indices, default_validation_fraction, take_validation

HOW_TO_TEST = "name (--dataset) images of which some are for the test"
"""What helps where a dataset has no test images."""


@dataclass(frozen=True)
class ImageDataset:
    """Images with labels, for classification.

    Attributes:
        name: What `load_dataset` was asked for.
        task: Channels, height, width and number of classes.
        classes: Name of each class; number k belongs to label k.
        mirror: Whether an image flipped left to right keeps its meaning.
        fingerprint: Equal exactly if the training images (those that remain after the test part and
            ``train_limit``), their labels, the class names and validation images of the dataset's own are
            equal. Test images do not enter.
        has_test: Whether there are test images.
        pixels: What the values of the images are.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    mirror: bool
    fingerprint: str
    _training: Images = field(repr=False, compare=False)
    _read_test: Callable[[], Images] = field(repr=False, compare=False)
    _account: Account = field(default_factory=Account, repr=False, compare=False)
    _validation: Images | None = field(default=None, repr=False, compare=False)
    _total: int = field(default=0, repr=False, compare=False)
    _all_labels: str = field(default="", repr=False, compare=False)
    _read_others: Callable[[], Images] | None = field(default=None, repr=False, compare=False)
    has_test: bool = field(default=True, repr=False, compare=False)
    pixels: Pixels = Pixels()

    @property
    def training_size(self) -> int:
        """Number of images that are not test images."""
        return len(self._training) + (0 if self._validation is None else len(self._validation))

    def search_split(self, validation_fraction: float | None = None, seed: int = 0) -> Split:
        """Splits the training images for a search, stratified by class. Never reads a test image.

        Where the dataset has validation images of its own, those are taken and nothing is split.

        Args:
            validation_fraction: Part that validates, between 0 and 1; every class has at least one image in
                both parts. None: 0.2 of fewer than 10,000 training images, 0.1 of more.
            seed: Decides which images; not the search's seed, so that searches are compared on one split.

        Raises:
            UserError: A fraction outside (0, 1), one for a dataset with validation images of its own, or a
                class with a single training image.
        """
        x, y = self._training.x, self._training.y
        if self._validation is not None:
            if validation_fraction is not None:
                raise UserError(
                    f"validation_fraction: expected none, for {self.name} has its own validation part, "
                    f"got {validation_fraction}"
                )
            own = self._validation
            return Split(x.copy(), y.copy(), own.x.copy(), own.y.copy(), self.fingerprint)
        validation, train = self._divided(validation_fraction, seed)
        digest = blake2b(self.fingerprint.encode(), digest_size=16)
        digest.update(validation.tobytes())
        return Split(x[train], y[train], x[validation], y[validation], digest.hexdigest())

    def identity(self) -> Identity:
        """What the dataset is, wherever it lies: content, order and labels of its images.

        A split's fingerprint says whether a search sees exactly the same pixels; this says what differs where
        it does not, and which images a network may have seen. No test image is read.
        """
        return self._identity(*self._parts)

    def others(self) -> Identity:
        """Those with a label that are no training images: left out, or split off for the test.

        They are read to say how a dataset has changed, and for nothing else. A test part of the dataset's own
        is not opened.
        """
        none = Images(self._training.x[:0], self._training.y[:0], gathered([]))
        return self._identity(none if self._read_others is None else self._read_others())

    @property
    def _parts(self) -> list[Images]:
        """What a search sees: the training images, and validation images of the dataset's own behind them."""
        return [self._training] + ([] if self._validation is None else [self._validation])

    def _identity(self, *parts: Images) -> Identity:
        height, width, channels = self.task.height, self.task.width, self.task.channels
        return Identity(
            np.concatenate([part.marks() for part in parts]),
            np.concatenate([part.y for part in parts]),
            self.classes,
            (height, width, channels, str(self._training.x.dtype)),
            self._total,
            self._all_labels,
            0 if self._validation is None else len(self._validation),
        )

    def validated_on(self) -> Marks:
        """What the images are known by on which a search measures fitness."""
        if self._validation is not None:
            return self._validation.marks()
        return self._training.marks()[self._divided(None, 0)[0]]

    def _divided(self, fraction: float | None, seed: int) -> tuple[Indices, Indices]:
        labels = self._training.y
        if fraction is None:
            fraction = default_validation_fraction(len(labels))
        return take_validation(labels, fraction, seed, self.classes, self.name)

    def account(self, split: Split) -> str:
        """What became of the images, in one line: how many serve for what, and what was done to them."""
        return self._account.told(self.task, split)

    def full_training(self) -> Images:
        """Returns all images that are not test images: training and validation, for the final network."""
        if self._validation is None:
            return Images(self._training.x.copy(), self._training.y.copy(), self._training.known)
        parts = self._parts
        known = [part.known for part in parts if part.known is not None]
        return Images(
            np.concatenate([part.x for part in parts]),
            np.concatenate([part.y for part in parts]),
            np.concatenate(known) if len(known) == len(parts) else None,
        )

    def test(self) -> Images:
        """Reads the test images: the only place where that happens, for the report at the end.

        Raises:
            UserError: Images that cannot be read or differ in shape or type from the training images, or a
                class that the training images lack.
        """
        return self._read_test()

    def statistics(self, split: Split | None = None) -> Statistics:
        """Computes mean and standard deviation of each channel over training images.

        Args:
            split: Over its training images alone, as a search needs it; None: over the full training.
        """
        if split is not None:
            return channel_statistics(split.x_train)
        return channel_statistics(self._training.x if self._validation is None else self.full_training().x)


def fingerprint_of(training: Images, validation: Images | None, classes: tuple[str, ...]) -> str:
    """Hashes what is not for the test; without validation images of their own, the training images alone."""
    found = training_fingerprint(training.x, training.y, classes)
    if validation is None:
        return found
    own = training_fingerprint(validation.x, validation.y, classes)
    return blake2b(f"validated by its own {found} {own}".encode(), digest_size=16).hexdigest()


def training_fingerprint(x: NDArray[Any], y: NDArray[np.int64], classes: tuple[str, ...]) -> str:
    """Hashes training images and labels (BLAKE2b, about a second a gigabyte)."""
    about = json.dumps(["evonas images 1", list(x.shape), x.dtype.str, list(classes)])
    digest = blake2b(about.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(x).data)
    digest.update(np.ascontiguousarray(y).data)
    return digest.hexdigest()
