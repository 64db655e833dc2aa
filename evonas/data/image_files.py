"""Image files to one array: what their headers say, the form that all are brought to, decoding. By Pillow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .account import changes_of
from .background import on_background
from .damaged import DamagedImageError
from .depth import (
    BYTES,
    GREY_MODES,
    MODES,
    SIXTEEN,
    common_depth,
    depth_of,
    fitting,
    is_reduced,
    misread,
    values_of,
)
from .images import Shape
from .marks import mark_of_file

if TYPE_CHECKING:
    from PIL.Image import Image

_T = TypeVar("_T")

_TRANSPARENT_MODES = ("LA", "PA", "RGBA", "RGBa")
_OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")


@dataclass(frozen=True)
class Form:
    """What images are brought to.

    Attributes:
        shape: Height, width and channels.
        depth: What a value is, as `depth_of` names it; other than 8 bits, values are float32.
    """

    shape: Shape
    depth: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array."""
        return np.dtype(np.uint8 if self.depth == BYTES else np.float32)


@dataclass(frozen=True)
class _Header:
    mode: str
    depth: str
    transparent: bool
    reduced: bool
    paged: bool
    size: tuple[int, int]


def common_form(
    files: list[Path], image_size: tuple[int, int] | None, background: str
) -> tuple[Form, int, list[str]]:
    """The form to bring images to, from their headers, how many are transparent, and what is changed.

    Raises:
        UserError: One is no image, or their values are of depths that have no scale in common.
    """
    headers = _headers(files)
    modes = Counter(header.mode for header in headers)
    sizes = Counter(header.size for header in headers)
    depths = Counter(header.depth for header in headers)
    most = max(sizes, key=lambda size: (sizes[size], size[0] * size[1], size))
    height, width = image_size or most
    coloured = not modes.keys() <= set(GREY_MODES)
    examples = {header.depth: path for header, path in zip(headers, files, strict=True)}
    depth = common_depth(depths, examples)
    form = Form((height, width, 3 if coloured else 1), depth)
    transparent = sum(header.transparent for header in headers)
    return form, transparent, changes_of(sizes, _converted(headers, form, background), height, width)


def changes_to(files: list[Path], form: Form, background: str) -> Counter[str]:
    """How many files are changed when they are brought to a form, by what that is called.

    Raises:
        UserError: One is no image.
    """
    headers = _headers(files)
    height, width, _ = form.shape
    resized = sum(header.size != (height, width) for header in headers)
    return Counter({f"resized to {height}×{width}": resized}) + _converted(headers, form, background)


def _headers(files: list[Path]) -> list[_Header]:
    return list(_in_threads(lambda path: _with_image(path, _look), files))


def _converted(headers: list[_Header], form: Form, background: str) -> Counter[str]:
    """How many images are given other values, by what that is called."""
    coloured = form.shape[2] != 1
    modes = Counter(header.mode for header in headers)
    depths = Counter(header.depth for header in headers)
    grey = sum(modes[mode] for mode in GREY_MODES)
    return Counter(
        {
            "grey made colour": grey if coloured else 0,
            "colour made grey": 0 if coloured else len(headers) - grey,
            "made RGB": sum(modes[mode] for mode in _OTHER_COLOURS) if coloured else 0,
            f"put on {background}" if background else "without their transparency": sum(
                header.transparent for header in headers
            ),
            "of 8 bits scaled to 16": depths[BYTES] if form.depth == SIXTEEN else 0,
            "of 16 bits scaled to 8": depths[SIXTEEN] if form.depth == BYTES else 0,
            "of 16 bits a colour read at 8": sum(header.reduced for header in headers),
            "of several pages, the first read": sum(header.paged for header in headers),
        }
    )


def decode_all(
    files: list[Path], form: Form, max_bytes: int, background: str
) -> tuple[NDArray[Any], list[bytes]]:
    """Decodes files to one array of shape (n, H, W, C), and says what each image is known by.

    Raises:
        UserError: They would take more than ``max_bytes``, or one cannot be read or brought to the form.
    """
    height, width, channels = form.shape
    needed = len(files) * height * width * channels * form.dtype.itemsize
    if needed > max_bytes:
        raise UserError(
            f"image_size: expected images that take at most max_bytes = {max_bytes:,} bytes, got {needed:,} "
            f"for {len(files):,} images of {height}x{width}; ask for a smaller image_size"
        )
    images = np.empty((len(files), *form.shape), dtype=form.dtype)
    marks: list[bytes] = []

    def decode(path: Path) -> tuple[bytes, NDArray[Any]]:
        return _with_image(path, lambda image: (mark_of_file(image), _decode(image, path, form, background)))

    for number, (mark, pixels) in enumerate(_in_threads(decode, files)):
        images[number] = pixels
        marks.append(mark)
    return images, marks


def damaged_of(files: list[Path]) -> list[DamagedImageError]:
    """What is wrong with those files that are no images that can be read to their end."""
    return [error for error in _in_threads(_damage, files) if error]


def _damage(path: Path) -> DamagedImageError | None:
    try:
        _with_image(path, lambda image: image.load())
    except DamagedImageError as error:
        return error
    return None


def _look(image: Image) -> _Header:
    return _Header(
        image.mode,
        depth_of(image),
        _is_transparent(image),
        is_reduced(image),
        image.format == "TIFF" and bool(getattr(image, "is_animated", False)),
        (image.height, image.width),
    )


def _is_transparent(image: Image) -> bool:
    """Whether it has a transparency of whatever kind, which only 8 bits have."""
    noted = "transparency" in image.info and depth_of(image) == BYTES
    return image.mode in _TRANSPARENT_MODES or noted


def _decode(image: Image, path: Path, form: Form, background: str) -> NDArray[Any]:
    from PIL.Image import Resampling, fromarray

    height, width, channels = form.shape
    depth = depth_of(image)
    if depth == BYTES:
        # A palette's transparent colour is dropped with the alpha channel.
        if "transparency" in image.info or (background and image.mode in _TRANSPARENT_MODES):
            image = on_background(image, background)
        image = image.convert("L" if channels == 1 else "RGB")
    else:
        image = fromarray(values_of(image, path))
    if image.size != (width, height):
        image = image.resize((width, height), Resampling.BILINEAR)
    pixels = fitting(np.asarray(image), depth, form.depth, path)
    return pixels.reshape(form.shape) if depth == BYTES else pixels[..., np.newaxis]


def _in_threads(work: Callable[[Path], _T], files: list[Path]) -> Iterator[_T]:
    """Results in the order of the files. Pillow decodes outside the interpreter's lock, so threads help."""
    step = 1024  # bounds what waits to be collected, and how much is still done after an error
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), step):
            yield from pool.map(work, files[start : start + step])


def _with_image(path: Path, look: Callable[[Image], _T]) -> _T:
    """Opens an image file and looks at it.

    Raises:
        UserError: No image, a broken one, or one of a kind that is not read.
    """
    from PIL.Image import DecompressionBombError
    from PIL.Image import open as open_image

    try:
        with open_image(path) as image:
            if image.mode not in MODES:
                raise UserError(
                    f"{path}: expected grey or colour, got an image of Pillow's mode {image.mode!r}: "
                    "convert it, or remove it"
                )
            if how := misread(image):
                raise DamagedImageError(path, f"{how}, which Pillow takes for other values: save it anew")
            return look(image)
    except UserError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, DecompressionBombError) as error:
        raise DamagedImageError(path, str(error) or type(error).__name__) from error
