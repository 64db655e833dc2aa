"""What a network is for: its input's shape, what values are and how they are spread, and how many classes."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import UserError


@dataclass(frozen=True)
class Task:
    """Image classification.

    Attributes:
        channels: Channels of an image (1 for grey, 3 for colour).
        height: Height in pixels.
        width: Width in pixels.
        classes: Number of classes, at least 2.

    Raises:
        UserError: A size is not positive, or there are fewer than two classes.
    """

    channels: int
    height: int
    width: int
    classes: int

    def __post_init__(self) -> None:
        for name in ("channels", "height", "width"):
            if getattr(self, name) < 1:
                raise UserError(f"task {name}: expected at least 1, got {getattr(self, name)}")
        if self.classes < 2:
            raise UserError(f"task classes: expected at least 2, got {self.classes}")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        return (self.channels, self.height, self.width)


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of each channel, in the images' own units (uint8: 0 to 255).

    Attributes:
        mean: One number a channel.
        std: One number a channel, never 0: a channel that does not vary has 1.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Pixels:
    """What the values of images are, so that others can be read in the same way.

    Attributes:
        depth: Of image files, as `evonas.data` tells them apart (``8 bits``, ``16 bits`` ...), ``8 bits`` for
            bytes in arrays, too; empty for floats in arrays, which are in units of their own.
        background: The colour below transparent pixels of image files; empty: transparency is dropped.
    """

    depth: str = "8 bits"
    background: str = ""
