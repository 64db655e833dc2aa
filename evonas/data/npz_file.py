"""Datasets in .npz files. Nothing is unpickled, and nothing is read whose header does not promise to fit."""

from __future__ import annotations

import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ..errors import UserError
from .images import Shape, check_image_shape
from .layout import AUTO, BEFORE
from .npz_keys import CLASSES, Keys, Pair, find_keys, keys_before, own_keys
from .source import check_lengths, images_at

DEFAULT_MAX_BYTES = 16 * 2**30
"""Bound on the memory of one array: a few kilobytes of zip file can ask for terabytes."""

MOST_COMPRESSED = 200
BOMB = 256 * 2**20
"""An array of so many bytes that was compressed to less than one in `MOST_COMPRESSED` is no image data."""


@dataclass(frozen=True)
class _Header:
    """What a .npy member says of itself."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class NpzSource:
    """An .npz file with images and labels to train on, optionally to validate and to test on, and classes.

    The test arrays, headers included, are touched by `read_test` alone.
    """

    path: Path
    max_bytes: int
    labels: NDArray[Any]
    classes: tuple[str, ...] | None
    keys: Keys
    mirror: None = None

    @property
    def has_test(self) -> bool:
        """Whether there are test arrays."""
        return self.keys.test is not None

    @property
    def has_validation(self) -> bool:
        """Whether there are validation arrays."""
        return self.keys.validation is not None

    @property
    def without_test(self) -> bool:
        """Whether the file says that there are no test images, so that none are split off."""
        return self.keys.without_test

    @property
    def part_names(self) -> dict[str, str]:
        """What the parts of the dataset's own are called."""
        named = {"validation": self.keys.validation, "test": self.keys.test}
        return {part: pair.x for part, pair in named.items() if pair is not None}

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Other arrays of the file."""
        return self.keys.passed

    def read_training(self, index: NDArray[np.int64], shape: Shape | None) -> NDArray[Any]:
        """Training images at these positions."""
        with _opened(self.path) as archive:
            return images_at(_read(archive, self.keys.train.x, self.path, self.max_bytes), index)

    def read_validation(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Validation images and labels."""
        return self._read_pair(self.keys.validation, "validation images")

    def read_test(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Test images and labels."""
        return self._read_pair(self.keys.test, "test images")

    def _read_pair(self, pair: Pair | None, what: str) -> tuple[NDArray[Any], NDArray[Any]]:
        if pair is None:
            raise UserError(f"{what}: expected them in {self.path}, got none")
        with _opened(self.path) as archive:
            _check_pair(archive, pair, self.path)
            x = _read(archive, pair.x, self.path, self.max_bytes)
            return x, _read(archive, pair.y, self.path, self.max_bytes)


def open_npz(path: Path, max_bytes: int = DEFAULT_MAX_BYTES, layout: str = AUTO) -> NpzSource:
    """Reads the training labels of a file, and the header of the training images.

    Keys: ``x_train`` (N, H, W) or (N, H, W, C), uint8 or floats; ``y_train`` (N,) or (N, 1), integers or
    text; optionally ``x_val``, ``y_val``, ``x_test`` and ``y_test`` of the same kind, ``classes``, strings
    of which number v names label v, and ``without_test``, which says that no test part is to be split off.
    MedMNIST's ``train_images``, ``train_labels`` are read, too.

    Args:
        path: The file.
        max_bytes: Bound on the memory of one array.
        layout: ``before``: only the keys that were looked for before layouts were asked for.

    Raises:
        UserError: No .npz file, a damaged one, a missing key, pickled objects, arrays that do not fit
            together, or one larger than ``max_bytes``.
    """
    with _opened(path) as archive:
        keys = {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
        try:
            found = keys_before(keys) if layout == BEFORE else find_keys(keys)
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        _check_pair(archive, found.train, path)
        _checked_header(archive, found.train.x, path, max_bytes)
        labels = _read(archive, found.train.y, path, max_bytes)
        classes = _read_classes(archive, path, max_bytes) if CLASSES in keys else None
    return NpzSource(path, max_bytes, labels, classes, found)


def read_own(
    path: Path, max_bytes: int = DEFAULT_MAX_BYTES
) -> tuple[NDArray[Any], NDArray[Any] | None, tuple[str, ...] | None]:
    """Reads images to predict: an array ``x``, and labels ``y`` and names ``classes`` if there are any.

    Raises:
        UserError: As of `open_npz`.
    """
    with _opened(path) as archive:
        keys = {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
        try:
            x, y = own_keys(keys)
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        if y is not None:
            _check_pair(archive, Pair(x, y), path)
        images = _read(archive, x, path, max_bytes)
        labels = None if y is None else _read(archive, y, path, max_bytes)
        return images, labels, _read_classes(archive, path, max_bytes) if CLASSES in keys else None


_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    struct.error,
)
"""What zipfile and numpy raise over damaged files; numpy parses a header as Python's literals."""


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens the zip file; what goes wrong with its bytes while it is open becomes a UserError."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UserError:
        raise
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError(f"{path}: expected an .npz file that can be read, got {error.strerror}") from error
    except _DAMAGED as error:
        raise UserError(
            f"{path}: expected a whole .npz file (numpy.savez), got another, damaged or cut short: {error}"
        ) from error
    except (NotImplementedError, RuntimeError) as error:  # compression or encryption that zipfile lacks
        raise UserError(f"{path}: expected an .npz file as numpy.savez writes it, got: {error}") from error
    except MemoryError as error:
        raise UserError(f"{path}: expected arrays that fit in memory, got more ({error})") from error


def _read(archive: zipfile.ZipFile, key: str, path: Path, max_bytes: int) -> NDArray[Any]:
    """Reads one array, after its header was found to be in order."""
    _checked_header(archive, key, path, max_bytes)
    with archive.open(f"{key}.npy") as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


def _checked_header(archive: zipfile.ZipFile, key: str, path: Path, max_bytes: int) -> _Header:
    """Reads what the array says of itself, and refuses it before any of its memory is asked for.

    Raises:
        UserError: Pickled objects or records, more than ``max_bytes``, or a header that the file contradicts.
    """
    with archive.open(f"{key}.npy") as stream:
        header = _read_header(stream)
        start = stream.tell()
    if header.dtype.hasobject or header.dtype.names is not None:
        raise UserError(
            f"{path}: {key}: expected an array of plain numbers, got type {header.dtype}; "
            "pickled objects and records are not read (for text: numpy.savez of array.astype(str))"
        )
    if header.nbytes > max_bytes:
        raise UserError(
            f"{path}: {key}: expected at most max_bytes = {max_bytes:,} bytes, got {header.nbytes:,} "
            f"(shape {header.shape}, type {header.dtype})"
        )
    member = archive.getinfo(f"{key}.npy")
    if header.nbytes > BOMB and header.nbytes > MOST_COMPRESSED * max(1, member.compress_size):
        raise UserError(
            f"{path}: {key}: {header.nbytes:,} bytes are compressed to {member.compress_size:,}, as in a "
            "file made to fill the memory; np.savez writes them as they are"
        )
    stored = member.file_size - start
    if stored != header.nbytes:
        raise UserError(
            f"{path}: {key}: expected {header.nbytes:,} bytes for shape {header.shape}, type {header.dtype}, "
            f"got {stored:,}: the file is damaged"
        )
    return header


def _read_header(stream: IO[bytes]) -> _Header:
    """Reads a .npy header of any version of the format that plain arrays are written in."""
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f".npy format version {version}; plain arrays have (1, 0) or (2, 0)")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(stream)
    return _Header(tuple(shape), np.dtype(dtype))


def _check_pair(archive: zipfile.ZipFile, pair: Pair, path: Path) -> None:
    """Compares images and labels by their headers."""
    headers = []
    for key in (pair.x, pair.y):
        with archive.open(f"{key}.npy") as stream:
            headers.append(_read_header(stream))
    check_image_shape(headers[0].shape, f"{path}: {pair.x}")
    check_lengths(headers[0].shape, headers[1].shape, f"{path}: {pair.x}", pair.y)


def _read_classes(archive: zipfile.ZipFile, path: Path, max_bytes: int) -> tuple[str, ...]:
    names = _read(archive, "classes", path, max_bytes)
    if names.ndim != 1 or names.dtype.kind != "U":
        raise UserError(
            f"{path}: classes: expected strings, shape (K,), got type {names.dtype}, shape {names.shape}"
        )
    return tuple(str(name) for name in names)
