"""From what scikit-learn users have, flat rows and images of any axes, to images (N, H, W, C)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

Shape = tuple[int, int, int]
"""Height, width and channels of one image."""

SMALLEST_PICTURE = 4
"""Height and width of the smallest square that a row may have been: of 2×2 pixels nobody has pictures."""

SMALLEST, STEP = 8, 4
"""Height and width of an image that rows are padded to: all genomes in the box can halve it often enough."""

FEW = 4
"""An axis of so many entries at most may be that of the channels, where nobody says which one is."""


@dataclass(frozen=True)
class Layout:
    """How samples of one form are laid out as images.

    Attributes:
        shape: Height, width and channels.
        values: Numbers in a sample; fewer than the image has where rows do not fill it.
        fill: What the pixels behind them have.
    """

    shape: Shape
    values: int
    fill: float = 0.0

    @property
    def padded(self) -> bool:
        """Whether the image has pixels that no sample has: it is no picture then."""
        return self.values < math.prod(self.shape)

    @classmethod
    def of(cls, samples: NDArray[Any], image_shape: Any) -> Self:
        """The layout of training samples.

        Args:
            samples: Rows (N, values), or images (N, H, W), (N, H, W, C) or (N, C, H, W).
            image_shape: Height and width, and channels if there are several; None for what the samples say: a
                row becomes a square, as of `square`.

        Raises:
            UserError: The shape is none, or not theirs.
        """
        shape = read_image_shape(image_shape)
        if samples.ndim > 2:
            shape = shape or _shape_of_images(samples.shape)
            layout = cls(shape, math.prod(shape))
            layout.images(samples[:1])
            return layout
        values = samples.shape[1]
        if shape is None:
            shape = square(values)
        elif math.prod(shape) != values:
            raise UserError(
                f"image_shape: expected as many pixels as X has features, {values}, got {image_shape!r}, "
                f"which has {math.prod(shape)}"
            )
        if values == math.prod(shape):
            return cls(shape, values)
        # The median: no sum of pixels can overflow, and the padding is as any other value.
        fill = float(np.median(samples))
        return cls(shape, values, float(round(fill)) if samples.dtype.kind in "iub" else fill)

    def images(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Samples as images of shape (N, H, W, C), of the same type.

        Raises:
            UserError: They are of another shape.
        """
        if samples.ndim == 2 and samples.shape[1] == self.values:
            whole = np.full((len(samples), math.prod(self.shape)), self.fill, samples.dtype)
            whole[:, : self.values] = samples
            return whole.reshape(-1, *self.shape)
        if samples.ndim == 3:
            samples = samples[..., np.newaxis]
        height, width, channels = self.shape
        if samples.shape[1:] == self.shape:
            return samples
        if samples.shape[1:] == (channels, height, width):
            return samples.transpose(0, 2, 3, 1)
        raise UserError(
            f"X: expected images of {height}×{width} pixels and {channels} channels (the last axis or the "
            f"second), or rows of {self.values} features, got shape {samples.shape}"
        )


def square(values: int) -> Shape:
    """The image that a row becomes by itself, row by row.

    A square number of values, 16 or more, is taken for a picture. Any other row goes into the smallest square
    that holds it whose side is a multiple of 4, and at least 8.

    >>> square(64), square(784), square(4), square(70)
    ((8, 8, 1), (28, 28, 1), (8, 8, 1), (12, 12, 1))
    """
    side = math.isqrt(values)
    if side < SMALLEST_PICTURE or side * side < values:
        side = max(SMALLEST, STEP * math.ceil((math.isqrt(values - 1) + 1) / STEP))
    return side, side, 1


def read_image_shape(asked: Any) -> Shape | None:
    """Checks what a user says of the shape of an image.

    Raises:
        UserError: It is not two or three whole numbers of at least 1.
    """
    if asked is None:
        return None
    parts = list(asked) if isinstance(asked, tuple | list | np.ndarray) else []
    whole = all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in parts)
    if len(parts) not in (2, 3) or not whole or min(parts) < 1:
        raise UserError(
            "image_shape: expected None, (height, width) or (height, width, channels), whole numbers of at "
            f"least 1, got {asked!r:.60}"
        )
    height, width, channels = map(int, [*parts, 1][:3])
    return height, width, channels


def _shape_of_images(shape: tuple[int, ...]) -> Shape:
    """The shape of images in an array: the channels are last unless only the second axis is short."""
    if len(shape) == 3:
        return shape[1], shape[2], 1
    if shape[3] > FEW >= shape[1]:
        return shape[2], shape[3], shape[1]
    return shape[1], shape[2], shape[3]
