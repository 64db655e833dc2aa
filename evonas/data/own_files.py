"""Image files to be predicted, one or a folder of them, brought to the form that a network reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..task import Pixels
from .damaged import DamagedImageError, all_of
from .image_files import Form, changes_to, damaged_of, decode_all
from .images import Shape
from .labels import listed
from .layout import SUFFIXES, images_below, images_in, sub_folders
from .marks import Marks, gathered
from .npz_file import DEFAULT_MAX_BYTES
from .parts import TEST, part_of


@dataclass(frozen=True, eq=False)
class Batch:
    """Some images.

    Attributes:
        x: Shape (n, H, W, C), uint8 or float32.
        names: What each is called.
        labels: Shape (n,), numbers of classes; None where they are not known.
        marks: What each is known by.
    """

    x: NDArray[Any]
    names: tuple[str, ...]
    labels: NDArray[np.int64] | None
    marks: Marks


@dataclass(frozen=True, eq=False)
class OwnFiles:
    """Image files that are decoded when they are asked for.

    Attributes:
        root: What names are relative to.
        files: Theirs.
        numbers: Of their classes, one a file; None where they are not known.
        form: What they are brought to.
        background: The colour below transparent pixels; empty: transparency is dropped.
        without_damaged: Go on without those that cannot be read.
        told: What is to be said of them.
    """

    root: Path
    files: tuple[Path, ...]
    numbers: NDArray[np.int64] | None
    form: Form
    background: str = ""
    without_damaged: bool = False
    told: tuple[str, ...] = ()
    changes: Counter[str] = field(default_factory=Counter)
    """What was done to those that were read, and how many of them."""
    damaged: list[Path] = field(default_factory=list)
    """Those that were gone on without."""

    @property
    def labelled(self) -> bool:
        """Whether their classes are known."""
        return self.numbers is not None

    def batches(self, size: int) -> Iterator[Batch]:
        """All images in their order, those left out that cannot be read if that was asked for.

        Raises:
            UserError: One cannot be read, and then all of these are named; or its values have no scale in
                common with the form's.
        """
        self.changes.clear()
        self.damaged.clear()
        for start in range(0, len(self.files), size):
            places = list(range(start, min(start + size, len(self.files))))
            try:
                batch = self._read(places)
            except DamagedImageError:
                places = self._whole(places)
                if not places:
                    continue
                batch = self._read(places)
            yield batch
        if len(self.damaged) == len(self.files):
            raise UserError(f"{self.root}: expected an image that is whole, got damaged ones alone")

    def _read(self, places: list[int]) -> Batch:
        files = [self.files[place] for place in places]
        changes = changes_to(files, self.form, self.background)
        x, marks = decode_all(files, self.form, DEFAULT_MAX_BYTES, self.background)
        self.changes.update(changes)
        names = tuple(path.relative_to(self.root).as_posix() for path in files)
        return Batch(x, names, None if self.numbers is None else self.numbers[places], gathered(marks))

    def _whole(self, places: list[int]) -> list[int]:
        """The places of files that can be read.

        Raises:
            UserError: Some cannot, of all files, and it was not asked to go on without them.
        """
        if not self.without_damaged:
            raise all_of(damaged_of(list(self.files)))
        found = {error.path for error in damaged_of([self.files[place] for place in places])}
        self.damaged.extend(sorted(found))
        return [place for place in places if self.files[place] not in found]

    def said(self) -> list[str]:
        """What has become of those that were read."""
        changed = [f"{count:,} {what}" for what, count in self.changes.items() if count]
        many = "" if len(self.damaged) == 1 else "s"
        without = [f"without {len(self.damaged):,} damaged file{many}"] if self.damaged else []
        return [*self.told, *changed, *without]


def own_files(
    path: Path, shape: Shape, classes: tuple[str, ...], pixels: Pixels | None, without_damaged: bool
) -> OwnFiles:
    """Lists image files: one that is named, those of a folder, or those of its folders of classes.

    A folder whose sub-folders are parts of a dataset means those of its test part.

    Args:
        path: A file or a folder.
        shape: Height, width and channels to bring them to.
        classes: Of the network.
        pixels: What values are to be; None where that is not known.
        without_damaged: Go on without files that cannot be read.

    Raises:
        UserError: There are none, of classes that the network does not know, or it reads no such files.
    """
    if shape[2] not in (1, 3):
        raise UserError(
            f"{path}: expected an array of images with {shape[2]} channels, as the network reads, got image "
            "files"
        )
    pixels = Pixels() if pixels is None else pixels
    if not pixels.depth:
        raise UserError(
            f"{path}: expected floats in the units of the arrays that the network was trained on (FILE.npz), "
            "got image files, whose values are in others"
        )
    form = Form(shape, pixels.depth)
    if not path.is_dir():
        return OwnFiles(path.parent, (path,), None, form, pixels.background, without_damaged)
    root, folders, told = _folders(path, classes)
    beside = images_in(root)
    if not folders:
        if not beside:
            raise UserError(
                f"{path}: expected image files ({', '.join(SUFFIXES)}), or a folder for each class"
            )
        return OwnFiles(root, tuple(beside), None, form, pixels.background, without_damaged)
    if beside:
        told += (f"{len(beside):,} beside the class folders passed over",)
    if deeper := sum(map(images_below, folders)):
        told += (f"{deeper:,} in folders within the class folders passed over",)
    number = {name: number for number, name in enumerate(classes)}
    found = [(file, number[folder.name]) for folder in folders for file in images_in(folder)]
    if not found:
        raise UserError(f"{root}: expected images of the classes ({', '.join(SUFFIXES)}), got none")
    numbers = np.array([label for _, label in found], np.int64)
    files = tuple(file for file, _ in found)
    return OwnFiles(root, files, numbers, form, pixels.background, without_damaged, told)


def _folders(root: Path, classes: tuple[str, ...]) -> tuple[Path, list[Path], tuple[str, ...]]:
    """The folder of the classes, theirs, and what is to be said of it.

    Raises:
        UserError: The network does not know all of the classes.
    """
    folders = sub_folders(root)
    strangers = [folder for folder in folders if folder.name not in classes]
    tests = [folder for folder in strangers if part_of(folder.name) == TEST and sub_folders(folder)]
    if len(tests) == 1:
        deeper, found, _ = _folders(tests[0], classes)
        return deeper, found, (f"of {root} the test part, {tests[0].name}/",)
    if strangers:
        raise UserError(
            f"{root}: expected folders that are called as the classes that the network knows "
            f"({listed(classes)}), got {listed([folder.name for folder in strangers])}; images without "
            "labels are those of a folder without sub-folders"
        )
    return root, folders, ()
