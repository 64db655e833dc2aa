"""The arithmetic of windows that slide over an image: padding, strides and output sizes."""

from __future__ import annotations

from .base import Layer, ShapeError

Pair = tuple[int, int]


def same_padding(kernel: Pair, dilation: Pair = (1, 1)) -> tuple[Pair, Pair]:
    """Padding before and after each axis that keeps the size at stride 1.

    An even kernel gets the odd pixel at the end.

    >>> same_padding((3, 5))
    ((1, 2), (1, 2))
    >>> same_padding((2, 2))
    ((0, 0), (1, 1))
    """
    total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    before = (total[0] // 2, total[1] // 2)
    return before, (total[0] - before[0], total[1] - before[1])


def slide(
    layer: Layer, size: Pair, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)
) -> Pair:
    """Height and width after a window has slid over an image.

    Args:
        layer: Who asks, for the message.
        size: Height and width of the image.
        kernel: Of the window.
        stride: Of the window.
        padding: Pixels added to each axis in all, before and after together.
        dilation: Of the window.

    Raises:
        ShapeError: The window is larger than the padded image.
    """
    out = []
    for axis in (0, 1):
        room = size[axis] + padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        if room < 0:
            raise ShapeError(f"{layer.kind} expected an image of at least its window {kernel}, got {size}")
        out.append(room // stride[axis] + 1)
    return (out[0], out[1])


def times(numbers: Pair) -> str:
    """``3×3``, for labels."""
    return f"{numbers[0]}×{numbers[1]}"
