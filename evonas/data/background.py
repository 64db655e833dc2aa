"""What lies below transparent pixels, and images that show nothing without their transparency."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .depth import DEEP_MODES

if TYPE_CHECKING:
    from PIL.Image import Image


def check_background(background: str) -> str:
    """Checks a colour; empty for none, where transparency is dropped.

    Raises:
        UserError: It is no colour that Pillow knows.
    """
    from PIL.ImageColor import getrgb

    try:
        if background:
            getrgb(background)
    except (ValueError, AttributeError):
        raise UserError(
            f"background: expected a colour such as white, black or #ff8000, got {background!r:.60}"
        ) from None
    return background


def on_background(image: Image, background: str) -> Image:
    """An image with a transparency of whatever kind as RGB, on a colour; without one, dropped."""
    from PIL.Image import alpha_composite, new

    image = image.convert("RGBA")
    if background:
        image = alpha_composite(new("RGBA", image.size, background), image)
    return image


def check_they_show_something(images: NDArray[Any], files: Iterable[Path], background: str) -> None:
    """Refuses images of which nothing is left without their transparency.

    Args:
        images: As they are read, shape (N, H, W, C), some of them transparent.
        files: Theirs.
        background: On which they lie; empty for none.

    Raises:
        UserError: Each is of one colour, or all are the same, and what they show is in the alpha channel.
    """
    alike = bool((images == images[:1]).all())
    if not alike and not (images == images[:, :1, :1]).all():
        return
    shown = next((path for path in files if _shape_in_alpha(path)), None)
    if shown is None:
        return
    what = "are all the same" if alike else "are of one colour each"
    below = f"on the background {background}" if background else "without their transparency"
    raise UserError(
        f"{shown.parent.parent}: the images {what} {below}, since what they show is in the alpha channel "
        f"alone, as in {shown}: choose what lies below (--background white, black or #rrggbb)"
    )


def _shape_in_alpha(path: Path) -> bool:
    from PIL.Image import open as open_image

    with open_image(path) as image:
        if image.mode in DEEP_MODES:
            return False
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    return bool((alpha != alpha[0, 0]).any())
