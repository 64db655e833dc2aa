"""What a pixel's value is in an image file: 8 bits, 16 bits, whole numbers or floats; and a scale for all.

8 and 16 bits have a scale in common: 257 times 0 to 255 is 0 to 65,535. Whole numbers of 32 bits (or of 16
with a sign) and floats are taken as they are stored, and so only among their own kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

BYTES, SIXTEEN, WHOLE, FLOATS = "8 bits", "16 bits", "whole numbers beyond 16 bits", "floats"

DEPTHS = (BYTES, SIXTEEN, WHOLE, FLOATS)

SIXTEEN_MODES = ("I;16", "I;16B", "I;16L", "I;16N")
DEEP_MODES = (*SIXTEEN_MODES, "I", "F")
GREY_MODES = ("1", "L", "LA", *DEEP_MODES)
MODES = (*GREY_MODES, "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")
"""Pillow's modes that are read."""

STEP = 257
"""So many values of 16 bits are one of 8."""

# Tags of TIFF files and what they hold (TIFF 6.0, sections 3 to 8 and 19).
_BITS, _PHOTOMETRIC, _SAMPLES, _PLANES, _SAMPLE_FORMAT = 258, 262, 277, 284, 339
_WHITE_IS_ZERO, _UNSIGNED, _SIGNED = 0, 1, 2
_APART = 2


def depth_of(image: Image) -> str:
    """What a value is, from the header of the file."""
    if image.mode in SIXTEEN_MODES:
        return SIXTEEN
    if image.mode == "I":  # Pillow's mode for 16 bits of PGM, and in older versions of PNG
        return SIXTEEN if image.format in ("PPM", "PNG") else WHOLE
    if image.mode == "F":
        return FLOATS
    return WHOLE if image.mode == "L" and _tag(image, _SAMPLE_FORMAT) == _SIGNED else BYTES


def misread(image: Image) -> str:
    """How a TIFF file stores what Pillow takes for other values, without a word; empty where it does not.

    Found by comparing Pillow 13.0 with tifffile over types, orders of bytes, planes and compressions.
    """
    tiles = getattr(image, "tile", None)
    if image.format != "TIFF" or not tiles:
        return ""
    decoder, raw = tiles[0][0], raw_mode(image)
    if decoder == "libtiff" and raw.endswith(("BS", "BF")):
        return "compressed numbers with their larger bytes first"
    apart = _tag(image, _PLANES) == _APART and (_tag(image, _SAMPLES) or 1) > 1
    deep = depth_of(image) == BYTES and (_tag(image, _BITS) or 8) > 8
    if apart and (image.mode in ("LA", "La") if decoder == "libtiff" else deep):
        return "channels in planes of their own"
    return ""


def raw_mode(image: Image) -> str:
    """How Pillow unpacks the file's first tile; empty where it says nothing of that."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    words = tiles[0][-1]
    return str(words[0] if isinstance(words, tuple) and words else words)


def is_reduced(image: Image) -> bool:
    """Whether its colours have 16 bits, of which Pillow reads the upper 8."""
    tiles = getattr(image, "tile", None)
    words = tiles[0][-1] if tiles else ()
    largest = words[1] if isinstance(words, tuple) and image.format == "PPM" and len(words) > 1 else 0
    return depth_of(image) == BYTES and (";16" in raw_mode(image) or largest > 255)


def values_of(image: Image, path: Path) -> NDArray[np.float32]:
    """Values of a grey image of more than 8 bits, as the file stores them, shape (H, W).

    Raises:
        UserError: NaN or infinite values.
    """
    stored = np.asarray(image)
    if stored.dtype == np.uint8:  # Pillow reads bytes with a sign as if they had none
        stored = stored.view(np.int8)
    elif image.mode == "I" and _tag(image, _SAMPLE_FORMAT) == _UNSIGNED and _tag(image, _BITS) == 32:
        stored = stored.view(np.uint32)  # and numbers without a sign as if they had one
    elif image.mode in SIXTEEN_MODES and _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO:
        stored = np.iinfo(np.uint16).max - stored  # of 8 bits it turns these round itself
    values = np.ascontiguousarray(stored, dtype=np.float32)
    if bad := int(values.size - np.isfinite(values).sum()):
        raise UserError(
            f"{path}: expected finite numbers, got {bad} NaN or infinite values: mend or remove it"
        )
    return values


def common_depth(counts: Mapping[str, int], examples: Mapping[str, Path]) -> str:
    """The depth that images of several are brought to.

    Args:
        counts: How many images there are of each.
        examples: A file of each, for the message.

    Raises:
        UserError: They have no scale in common.
    """
    if len(counts) == 1:
        return next(iter(counts))
    if set(counts) == {BYTES, SIXTEEN}:
        return SIXTEEN
    told = ", ".join(f"{count:,} of {depth} (such as {examples[depth]})" for depth, count in counts.items())
    raise UserError(f"images: expected values on one scale, got {told}: save all of them alike")


def fitting(pixels: NDArray[Any], depth: str, wanted: str, path: Path) -> NDArray[Any]:
    """Brings the values of one image from its depth to the training images'.

    Raises:
        UserError: The two have no scale in common.
    """
    if depth == wanted:
        return pixels
    if {depth, wanted} != {BYTES, SIXTEEN}:
        raise UserError(
            f"{path}: expected values of {wanted}, as the training images have, got {depth}: save them alike"
        )
    if wanted == SIXTEEN:
        return pixels.astype(np.float32) * STEP
    return np.rint(pixels / STEP).astype(np.uint8)


def _tag(image: Image, number: int) -> Any:
    """A tag of a TIFF file, the first of its values; None where there is none, or the file is no TIFF."""
    value = getattr(image, "tag_v2", {}).get(number)
    return value[0] if isinstance(value, tuple) and value else value
