"""Datasets of image files, one folder a class. Pillow decodes a file when its image is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..task import Pixels
from .background import check_background, check_they_show_something
from .damaged import DamagedImageError, FilesSource
from .image_files import Form, common_form, damaged_of, decode_all
from .images import Shape
from .layout import AUTO, SUFFIXES, Parts, find_parts, images_below, images_in, sub_folders
from .npz_file import DEFAULT_MAX_BYTES


@dataclass(frozen=True, eq=False)
class FolderSource(FilesSource):
    """Image files in FOLDER/CLASS/, or in FOLDER/train/CLASS/, FOLDER/val/CLASS/ and FOLDER/test/CLASS/.

    All images are brought to one size (bilinear, the aspect is not kept): ``image_size``, or the most
    common size of the training files that are read, the larger one on a tie. They are grey if all of these
    files are, otherwise RGB; transparency is dropped; of an animation the first image counts. Values of
    more than 8 bits become float32 (see `depth`).
    """

    files: tuple[Path, ...]
    numbers: tuple[int, ...]
    classes: tuple[str, ...]
    parts: Parts
    image_size: tuple[int, int] | None
    max_bytes: int
    mirror: None = None
    changes: list[str] = field(default_factory=list)
    """What was done to the training images that were read first, in words."""
    beside: int = 0
    """Images that lie beside the folders of classes: they are of no class."""
    below: int = 0
    """Images that lie in folders within those of classes."""
    marks: list[bytes] = field(default_factory=list)
    """What the images that were read last are known by."""
    background: str = ""
    """What lies below transparent pixels; empty: transparency is dropped."""
    left_out: frozenset[Path] = frozenset()
    """Damaged files, which are gone on without."""
    read: set[Path] = field(default_factory=set)
    """Files that were decoded already, so that they are whole."""
    _form: list[Form] = field(default_factory=list)
    """The form that the training images were read in."""

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """Number of each file's class."""
        return np.array(self.numbers, dtype=np.int64)

    @property
    def has_test(self) -> bool:
        """Whether there is a folder of test images."""
        return self.parts.test is not None

    @property
    def has_validation(self) -> bool:
        """Whether there is a folder of validation images."""
        return self.parts.validation is not None

    @property
    def pixels(self) -> Pixels | None:
        """What values are; None before the training images were read."""
        return Pixels(self._form[0].depth, self.background) if self._form else None

    @property
    def part_names(self) -> dict[str, str]:
        """What the parts of the dataset's own are called."""
        named = {"validation": self.parts.validation, "test": self.parts.test}
        return {part: f"{folder.name}/" for part, folder in named.items() if folder is not None}

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Folders beside the parts."""
        return self.parts.passed

    def read_training(self, index: NDArray[np.int64], shape: Shape | None) -> NDArray[Any]:
        """Decodes the training images at these positions."""
        files = [self.files[position] for position in index.tolist()]
        if shape is None or not self._form:
            form, transparent, self.changes[:] = common_form(files, self.image_size, self.background)
            self._form[:] = [form if shape is None else Form(shape, form.depth)]
            images = self._decoded(files)
            if transparent:
                check_they_show_something(images, files, self.background)
            return images
        return self._decoded(files)

    def _decoded(self, files: list[Path]) -> NDArray[Any]:
        images, self.marks[:] = decode_all(files, self._form[0], self.max_bytes, self.background)
        self.read.update(files)
        return images

    def damaged(self) -> list[DamagedImageError]:
        """Files that are no images that Pillow can read, those of the validation and test parts included."""
        own = [part for part in (self.parts.validation, self.parts.test) if part is not None]
        below = [path for part in own for folder in sub_folders(part) for path in images_in(folder)]
        return damaged_of([path for path in (*self.files, *below) if path not in self.read])

    def without(self, damaged: Collection[Path]) -> Self:
        """Without these files.

        Raises:
            UserError: A class has no others.
        """
        kept = [
            (path, number)
            for path, number in zip(self.files, self.numbers, strict=True)
            if path not in damaged
        ]
        numbers = tuple(number for _, number in kept)
        for number in sorted(set(self.numbers) - set(numbers)):
            raise UserError(
                f"class {self.classes[number]!r}: expected an image that is whole, got damaged ones alone"
            )
        files = tuple(path for path, _ in kept)
        return replace(self, files=files, numbers=numbers, left_out=frozenset(damaged))

    def read_validation(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Decodes the validation images, brought to the form of the training images."""
        return self._read_part(self.parts.validation, "validation images")

    def read_test(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Decodes the test images, brought to the form of the training images."""
        return self._read_part(self.parts.test, "test images")

    def _read_part(self, folder: Path | None, what: str) -> tuple[NDArray[Any], NDArray[Any]]:
        if folder is None or not self._form:
            raise UserError(f"{what}: expected a folder of them, and the training images to be read before")
        found = _class_folders(folder)
        number = {normalize("NFC", name): number for number, name in enumerate(self.classes)}
        number |= {name: number for number, name in enumerate(self.classes)}
        known = {one.name: number.get(one.name, number.get(normalize("NFC", one.name))) for one in found}
        strangers = [name for name, place in known.items() if place is None]
        if strangers:
            raise UserError(
                f"{folder}: expected only classes that the training images have "
                f"({', '.join(self.classes)}), got {', '.join(strangers)} as well"
            )
        files, names = _files_of(found)
        kept = [place for place, path in enumerate(files) if path not in self.left_out]
        if not kept:
            raise UserError(f"{folder}: expected an image that is whole, got damaged ones alone")
        images = self._decoded([files[place] for place in kept])
        return images, np.array([known[names[place]] for place in kept], np.int64)


def open_folder(
    root: Path,
    image_size: int | tuple[int, int] | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    layout: str = AUTO,
    background: str = "",
) -> FolderSource:
    """Lists the training files of a folder; opens none.

    A folder with sub-folders whose names say parts of a dataset is taken as train/CLASS/, val/CLASS/ and
    test/CLASS/, any other as CLASS/. Names that start with a dot and files with other suffixes than
    `SUFFIXES` are passed over.

    Args:
        root: The folder.
        image_size: Height and width to bring all images to (one number: both); None: the most common size.
        max_bytes: Bound on the memory of the decoded images of one part.
        layout: What sub-folders are, as `find_parts` has it.
        background: The colour below transparent pixels; empty: transparency is dropped.

    Raises:
        UserError: No classes, a class without images, or names of parts that cannot be used as such.
    """
    size = _checked_size(image_size)
    check_background(background)
    parts = find_parts(root, layout)
    train = parts.train
    folders = _class_folders(train)
    if len(folders) == 1:
        only = folders[0]
        deeper = f": if those are in it, give {only}" if sub_folders(only) else ""
        raise UserError(
            f"{train}: expected a sub-folder with images for each class, two at least, "
            f"got {only.name!r} alone{deeper}"
        )
    files, names = _files_of(folders)
    classes = tuple(folder.name for folder in folders)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = tuple(numbers[name] for name in names)
    read = [folder for folder in dict.fromkeys((root, train, parts.validation)) if folder is not None]
    return FolderSource(
        tuple(files),
        labels,
        classes,
        parts,
        size,
        max_bytes,
        beside=sum(len(images_in(folder)) for folder in read),
        below=sum(
            images_below(one)
            for part in read
            if part in (train, parts.validation)
            for one in sub_folders(part)
        ),
        background=background,
    )


def _checked_size(image_size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if image_size is None:
        return None
    size = image_size if isinstance(image_size, tuple) else (image_size, image_size)
    if len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
        raise UserError(f"image_size: expected a positive integer or (height, width), got {image_size!r}")
    return size


def _class_folders(folder: Path) -> list[Path]:
    folders = sub_folders(folder)
    if not folders:
        raise UserError(f"{folder}: expected a sub-folder with images for each class, got no sub-folder")
    return folders


def _files_of(folders: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Image files of the classes and, in the same order, the name of the class of each."""
    files: list[Path] = []
    names: list[str] = []
    for folder in folders:
        own = images_in(folder)
        if not own:
            # Where a search is begun within the images' folder, its own is beside the classes.
            runs = (
                ": say with --run where runs are to lie, or begin elsewhere" if folder.name == "runs" else ""
            )
            raise UserError(
                f"{folder}: expected images of this class ({', '.join(SUFFIXES)}), got none{runs}"
            )
        files += own
        names += [folder.name] * len(own)
    return files, names
