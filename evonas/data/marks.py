"""What an image is known by: a mark of its content, whatever file it lies in and whatever it is called.

A mark is eight bytes of a hash over the pixels as they are stored, at the image's own size. So the same
image has one mark in a folder, renamed, stored anew without loss, or as a row of an array, and nothing that a
dataset does to bring its images to one form (size, colour, background) changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .depth import DEEP_MODES

if TYPE_CHECKING:
    from PIL.Image import Image

Marks = NDArray[np.uint64]
"""Shape (N,): one for each image."""

BYTES = 8
"""Of a mark: among a million images the chance that two different ones share one is below 1 in 10 million."""

_TYPE = np.dtype("<u8")


def mark_of(pixels: NDArray[Any]) -> bytes:
    """The mark of one image of shape (H, W, C)."""
    pixels = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    digest = blake2b(f"{pixels.shape} {pixels.dtype.str}".encode(), digest_size=BYTES)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()


def mark_of_file(image: Image) -> bytes:
    """The mark of a file that Pillow has opened: grey or coloured as it is, with its transparency if any."""
    if image.mode in DEEP_MODES:
        pass  # what is noted as transparent there is not read
    elif "transparency" in image.info or image.mode in ("LA", "PA", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("P", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    return mark_of(pixels if pixels.ndim == 3 else pixels[..., np.newaxis])


def gathered(marks: Iterable[bytes]) -> Marks:
    """Marks of single images as an array."""
    return np.frombuffer(b"".join(marks), _TYPE).astype(np.uint64)


def marks_of(images: NDArray[Any]) -> Marks:
    """The marks of images of shape (N, H, W, C)."""
    return gathered(mark_of(image) for image in images)
