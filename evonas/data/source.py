"""Where images come from: the contract of a loader, and the source for arrays that are in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .images import Shape


@runtime_checkable
class ImageSource(Protocol):
    """What a loader returns: the training labels at once, images only when they are asked for.

    The room's other half (`build_dataset`) checks what comes, numbers the labels, splits by index and
    asks for the images that are needed, so a source only has to read.
    """

    @property
    def labels(self) -> NDArray[Any]:
        """Training labels, shape (N,) or (N, 1), any integers, or text."""

    @property
    def classes(self) -> tuple[str, ...] | None:
        """``classes[v]`` names label ``v``; None: the labels are the names."""

    @property
    def mirror(self) -> bool | None:
        """Whether an image flipped left to right keeps its meaning; None: colour does, grey does not."""

    @property
    def has_test(self) -> bool:
        """Whether the source has test images of its own. Answered without reading them."""

    def read_training(self, index: NDArray[np.int64], shape: Shape | None) -> NDArray[Any]:
        """Reads the training images at these positions (ascending), in that order.

        Args:
            index: Positions in ``labels``.
            shape: None, or the (height, width, channels) of images that were read before. A source whose
                images differ in size brings them to this shape; the others need not look at it.

        Returns:
            Shape (n, H, W) or (n, H, W, C), uint8 or floats.
        """

    def read_test(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Reads the test images and labels; called for a source that has them, after the search."""


@runtime_checkable
class ValidatedSource(ImageSource, Protocol):
    """A source that may have validation images of its own, which are used instead of a split."""

    @property
    def has_validation(self) -> bool:
        """Whether it has. Answered without reading them."""

    def read_validation(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Reads the validation images and labels, right after the training images."""


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Images that are in memory; those that a dataset keeps are copied.

    Attributes:
        images: Shape (N, H, W) or (N, H, W, C), uint8 or floats.
        labels: Shape (N,), any integers, or text.
        test: Test images and labels of the same kind; None: a test part is split off.
        classes: ``classes[v]`` names label ``v``.
        mirror: Whether a horizontal flip keeps the meaning; None: colour images do, grey ones do not.
        validation: Validation images and labels of the same kind; None: a validation part is split off.
        without_test: Whether there are no test images: where none are given, none are split off.
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    test: tuple[NDArray[Any], NDArray[Any]] | None = None
    classes: tuple[str, ...] | None = None
    mirror: bool | None = None
    validation: tuple[NDArray[Any], NDArray[Any]] | None = None
    without_test: bool = False

    @property
    def has_test(self) -> bool:
        """Whether test arrays were given."""
        return self.test is not None

    @property
    def has_validation(self) -> bool:
        """Whether validation arrays were given."""
        return self.validation is not None

    def read_training(self, index: NDArray[np.int64], shape: Shape | None) -> NDArray[Any]:
        """Training images at these positions."""
        check_lengths(self.images.shape, self.labels.shape, "x_train", "y_train")
        return self.images[index]

    def read_validation(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Validation images and labels; those that a dataset keeps are copied."""
        if self.validation is None:
            raise UserError("validation images: expected validation=(images, labels), got validation=None")
        return self.validation[0].copy(), self.validation[1]

    def read_test(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Test images and labels."""
        if self.test is None:
            raise UserError("test images: expected test=(images, labels), got test=None")
        return self.test


def images_at(images: NDArray[Any], index: NDArray[np.int64]) -> NDArray[Any]:
    """Images at ascending positions; the array itself where that is all of them, which saves a copy."""
    return images if len(index) == len(images) else images[index]


def check_lengths(images: tuple[int, ...], labels: tuple[int, ...], x: str, y: str) -> None:
    """Refuses images and labels of different number, from their shapes.

    Raises:
        UserError: The first axes differ.
    """
    if not images or not labels or images[0] != labels[0]:
        raise UserError(
            f"{x} and {y}: expected as many labels as images, got images of shape {images}, "
            f"labels of shape {labels}"
        )
