"""What the data room hands out: images with labels, the search's split, per-channel statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..task import Statistics
from .marks import Marks, marks_of

Shape = tuple[int, int, int]
"""Height, width and channels of one image."""

_BLOCK = 1 << 22
"""Pixel values that are looked at together: bounds the memory of checks and statistics."""


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their labels.

    Attributes:
        x: Shape (N, H, W, C): uint8 as stored, or float32 where the source held floats.
        y: Shape (N,): int64, 0 to K - 1.
        known: What each is known by, where the source has its own marks: see `marks`.
    """

    x: NDArray[Any]
    y: NDArray[np.int64]
    known: Marks | None = None

    def marks(self) -> Marks:
        """What each image is known by."""
        return marks_of(self.x) if self.known is None else self.known

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Split:
    """The training part of a dataset, split for a search. It holds no test image.

    Attributes:
        x_train: Images to train on, shape (N, H, W, C), uint8 or float32.
        y_train: Their labels, shape (N,), int64.
        x_val: Images that the fitness is measured on, of the same kind.
        y_val: Their labels.
        fingerprint: Equal exactly if the dataset and the division of its images are equal.
    """

    x_train: NDArray[Any]
    y_train: NDArray[np.int64]
    x_val: NDArray[Any]
    y_val: NDArray[np.int64]
    fingerprint: str

    def counts(self) -> dict[str, int]:
        """How many images train and validate, and how many of the latter the most frequent class has."""
        commonest = int(np.bincount(self.y_val).max())
        return {"training": len(self.y_train), "validation": len(self.y_val), "commonest": commonest}


def channel_statistics(x: NDArray[Any]) -> Statistics:
    """Computes the statistics of images of shape (N, H, W, C), in float64 and bounded memory."""
    if x.ndim != 4 or x.size == 0:
        raise UserError(f"statistics: expected images of shape (N, H, W, C), got {x.shape}")
    pixels = x.shape[0] * x.shape[1] * x.shape[2]
    channels = x.shape[3]
    mean = np.zeros(channels)
    for block in _blocks(x):
        mean += block.reshape(-1, channels).sum(axis=0, dtype=np.float64) / pixels
    variance = np.zeros(channels)
    for block in _blocks(x):
        variance += np.square(block.reshape(-1, channels) - mean).sum(axis=0) / pixels
    std = np.sqrt(variance)
    # A constant channel comes out as rounding noise rather than as exactly 0.
    std[std <= np.finfo(np.float32).eps * np.abs(mean)] = 1.0
    return Statistics(tuple(mean.tolist()), tuple(std.tolist()))


def checked_images(x: NDArray[Any], what: str) -> NDArray[Any]:
    """Checks images of any source and brings them to the form that is handed out.

    Args:
        x: Shape (N, H, W) or (N, H, W, C); uint8, floats, or other integers from 0 to 255.
        what: How messages name the array, such as ``"pets.npz: x_train"``.

    Returns:
        Shape (N, H, W, C), uint8 or float32; the same memory where nothing had to change.

    Raises:
        UserError: Another rank or type, an empty array, channels first, NaN or infinite values.
    """
    check_image_shape(x.shape, what)
    if x.ndim == 3:
        x = x[..., np.newaxis]
    if x.dtype == np.uint8:
        return x
    if x.dtype.kind in "iub":
        low, high = int(x.min()), int(x.max())
        if low < 0 or high > 255:
            raise UserError(
                f"{what}: expected uint8 or float images, got {x.dtype} with values from {low} to {high}; "
                "convert them to float32"
            )
        return x.astype(np.uint8)
    if x.dtype.kind != "f":
        raise UserError(f"{what}: expected uint8 or float images, got type {x.dtype}")
    # A float64 beyond the range of float32 becomes infinite here and is refused by the check below.
    with np.errstate(over="ignore"):
        x = x.astype(np.float32, copy=False)
    bad = sum(int(block.size - np.isfinite(block).sum()) for block in _blocks(x))
    if bad:
        raise UserError(f"{what}: expected finite numbers, got {bad} NaN or infinite values (as float32)")
    return x


def check_image_shape(shape: tuple[int, ...], what: str) -> None:
    """Refuses what cannot be (N, H, W) or (N, H, W, C), from the shape alone.

    Raises:
        UserError: Another rank, an empty axis, or channels first.
    """
    if len(shape) not in (3, 4):
        raise UserError(f"{what}: expected shape (N, H, W) or (N, H, W, C), got {shape}")
    if 0 in shape:
        raise UserError(f"{what}: expected at least one image of at least one pixel, got shape {shape}")
    if len(shape) == 4 and shape[1] <= 4 < shape[2] == shape[3]:
        raise UserError(
            f"{what}: expected shape (N, H, W, C), got {shape}, which looks like (N, C, H, W); "
            "use x.transpose(0, 2, 3, 1)"
        )


def _blocks(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Consecutive runs of images, each of about ``_BLOCK`` values."""
    step = max(1, _BLOCK // max(1, x[0].size))
    for start in range(0, len(x), step):
        yield x[start : start + step]
