"""Images of somebody's own to be predicted: opened in whatever form they come, read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError, after, nearest_path
from ..files import expanded
from ..task import Pixels
from .catalogue import dataset_names
from .images import Images, Shape, checked_images
from .labels import numbers_among
from .layout import AUTO
from .load import load_dataset
from .marks import Marks, marks_of
from .npz_file import read_own
from .own_files import Batch, OwnFiles, own_files
from .source import check_lengths


@dataclass(frozen=True)
class Wanted:
    """What a network reads.

    Attributes:
        shape: Height, width and channels of an image.
        classes: Its classes, by the numbers of its outputs.
        pixels: What values are; None where that was not noted: of files, 8 bits are taken for granted.
    """

    shape: Shape
    classes: tuple[str, ...]
    pixels: Pixels | None = None


@dataclass(frozen=True)
class Access:
    """How images are found and read.

    Attributes:
        test_part: Of a dataset take what a search keeps for the test; of a named one that is taken anyway.
        data_dir: Where named datasets are kept; None for the usual place.
        download: Fetch a named one that is not there.
        layout: What sub-folders of a dataset are, with ``test_part``.
        without_damaged: Go on without image files that cannot be read.
    """

    test_part: bool = False
    data_dir: Path | None = None
    download: bool = False
    layout: str = AUTO
    without_damaged: bool = False


class OwnImages(Protocol):
    """Images that were opened."""

    @property
    def labelled(self) -> bool:
        """Whether their classes are known."""

    def batches(self, size: int) -> Iterator[Batch]:
        """All images in their order, so many at a time.

        Raises:
            UserError: One cannot be read, or is not what the network reads.
        """

    def said(self) -> list[str]:
        """What has become of images so far, in words."""


@dataclass(frozen=True, eq=False)
class OwnArrays:
    """Images that are in memory.

    Attributes:
        x: Shape (N, H, W, C).
        labels: Shape (N,), numbers of classes; None where they are not known.
        known: What each image is known by, if that was found already.
        told: What is to be said of them.
    """

    x: NDArray[Any]
    labels: NDArray[np.int64] | None
    known: Marks | None = None
    told: tuple[str, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether their classes are known."""
        return self.labels is not None

    def batches(self, size: int) -> Iterator[Batch]:
        """All images in their order; they are named by their places, from 0."""
        for start in range(0, len(self.x), size):
            part = slice(start, start + size)
            x = self.x[part]
            marks = marks_of(x) if self.known is None else self.known[part]
            names = tuple(map(str, range(start, start + len(x))))
            yield Batch(x, names, None if self.labels is None else self.labels[part], marks)

    def said(self) -> list[str]:
        """What was done to get at them."""
        return list(self.told)


def open_own(images: Any, wanted: Wanted, labels: Any = None, access: Access = Access()) -> OwnImages:
    """Opens images to predict.

    Args:
        images: An image file; a folder of image files, or with a folder for each class; FILE.npz with ``x``
            and ``y`` or ``x`` alone; a named dataset, of which the test part is taken; or an array, shape
            (N, H, W, C), (N, H, W), or one image of (H, W, C).
        wanted: What the network reads.
        labels: With an array: its classes, by name or number; else files and folders say them.
        access: How they are found and read.

    Raises:
        UserError: There are no such images, or they are not what the network reads.
    """
    if not isinstance(images, str | Path):
        return _of_array(images, wanted, labels)
    if labels is not None:
        raise UserError("labels: expected only with an array, for folders and files name their own")
    name, path = str(images), expanded(images)
    named = name in dataset_names()
    if named or access.test_part:
        return _test_part(name, wanted, access)
    if path.is_file() and path.suffix.lower() == ".npz":
        x, y, names = read_own(path)
        x = _fitting(x, wanted, f"{path}: x")
        return OwnArrays(x, None if y is None else numbers_among(y, names, wanted.classes, f"{path}: y"))
    if not path.exists():
        raise UserError(
            f"images {name!r:.80}: expected an image file, a folder of them, FILE.npz or a dataset's name, "
            f"got nothing there{after(nearest_path(path))}"
        )
    return own_files(path, wanted.shape, wanted.classes, wanted.pixels, access.without_damaged)


def _of_array(images: Any, wanted: Wanted, labels: Any) -> OwnArrays:
    x = np.asarray(images)
    if x.shape in (wanted.shape, wanted.shape[:2]):
        x = x[np.newaxis]
    x = _fitting(x, wanted, "images")
    if labels is None:
        return OwnArrays(x, None)
    raw = np.asarray(labels)
    check_lengths(x.shape, raw.shape, "images", "labels")
    return OwnArrays(x, numbers_among(raw, None, wanted.classes, "labels"))


def _test_part(name: str, wanted: Wanted, access: Access) -> OwnArrays:
    """What a search of a dataset keeps for the test."""
    reading: dict[str, Any] = {}
    if name not in dataset_names() and expanded(name).is_dir():
        reading = {"image_size": wanted.shape[:2], "without_damaged": access.without_damaged}
        reading["background"] = wanted.pixels.background if wanted.pixels else ""
        reading["layout"] = access.layout
    dataset = load_dataset(name, data_dir=access.data_dir, download=access.download, **reading)
    test: Images = dataset.test()
    x = _fitting(test.x, wanted, f"{name}: test images")
    labels = numbers_among(test.y, dataset.classes, wanted.classes, f"{name}: test images")
    return OwnArrays(x, labels, test.marks(), (f"the test part of {name}",))


def _fitting(x: NDArray[Any], wanted: Wanted, what: str) -> NDArray[Any]:
    """Checks arrays against what the network reads: unlike files they are not brought to it.

    Raises:
        UserError: Another size, other channels, bytes in place of floats or the reverse.
    """
    x = checked_images(x, what)
    kind = x.dtype
    if wanted.pixels is not None:
        kind = np.dtype(np.uint8 if wanted.pixels.depth == Pixels().depth else np.float32)
    if x.shape[1:] != wanted.shape or x.dtype != kind:
        raise UserError(
            f"{what}: expected images like those that the network was trained on, (height, width, channels) "
            f"{wanted.shape} of {kind}, got {x.shape[1:]} of {x.dtype}"
        )
    return x


__all__ = ["Access", "OwnArrays", "OwnFiles", "OwnImages", "Wanted", "open_own"]
