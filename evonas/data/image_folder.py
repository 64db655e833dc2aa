"""Datasets of image files, one folder a class. Pillow decodes a file when its image is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .account import changes_of
from .background import check_background, check_they_show_something, on_background
from .damaged import DamagedImageError, FilesSource
from .images import Shape
from .marks import mark_of_file
from .npz_file import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from PIL.Image import Image

_T = TypeVar("_T")

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")

_GREY_MODES = ("1", "L", "LA")
_COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")
_TRANSPARENT_MODES = ("LA", "PA", "RGBA", "RGBa")
_OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")
_VALIDATION_NAMES = ("val", "valid", "validation")


@dataclass(frozen=True, eq=False)
class FolderSource(FilesSource):
    """Image files in FOLDER/CLASS/, or in FOLDER/train/CLASS/ and FOLDER/test/CLASS/.

    All images are brought to one size (bilinear, the aspect is not kept): ``image_size``, or the most
    common size of the training files that are read, the larger one on a tie. They are grey if all of these
    files are, otherwise RGB; transparency is dropped; of an animation the first image counts.
    """

    files: tuple[Path, ...]
    numbers: tuple[int, ...]
    classes: tuple[str, ...]
    test_folder: Path | None
    image_size: tuple[int, int] | None
    max_bytes: int
    mirror: None = None
    changes: list[str] = field(default_factory=list)
    """What was done to the training images that were read first, in words."""
    beside: int = 0
    """Images that lie beside the folders of the training classes: they are of no class."""
    marks: list[bytes] = field(default_factory=list)
    """What the images that were read last are known by."""
    background: str = ""
    """What lies below transparent pixels; empty: transparency is dropped."""
    left_out: frozenset[Path] = frozenset()
    """Damaged files, which are gone on without."""
    read: set[Path] = field(default_factory=set)
    """Files that were decoded already, so that they are whole."""

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """Number of each file's class."""
        return np.array(self.numbers, dtype=np.int64)

    @property
    def has_test(self) -> bool:
        """Whether there is a folder test/."""
        return self.test_folder is not None

    def read_training(self, index: NDArray[np.int64], shape: Shape | None) -> NDArray[Any]:
        """Decodes the training images at these positions."""
        files = [self.files[position] for position in index.tolist()]
        if shape is None:
            shape, transparent, self.changes[:] = _common_shape(files, self.image_size, self.background)
            images = self._decoded(files, shape)
            if transparent:
                check_they_show_something(images, files, self.background)
            return images
        return self._decoded(files, shape)

    def _decoded(self, files: list[Path], shape: Shape) -> NDArray[np.uint8]:
        images = _decode_all(files, shape, self.max_bytes, self.marks, self.background)
        self.read.update(files)
        return images

    def damaged(self) -> list[DamagedImageError]:
        """Files that are no images that Pillow can read, those of test/ included."""
        files = [*self.files, *(_files_in(self.test_folder) if self.test_folder else ())]
        return [
            error for error in _in_threads(_look, [path for path in files if path not in self.read]) if error
        ]

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

    def read_test(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Decodes the files in test/, brought to the shape of the training images."""
        if self.test_folder is None:
            raise UserError("test images: expected a folder test/, got none")
        found = _class_folders(self.test_folder)
        strangers = [folder.name for folder in found if folder.name not in self.classes]
        if strangers:
            raise UserError(
                f"{self.test_folder}: expected only classes that the training images have "
                f"({', '.join(self.classes)}), got {', '.join(strangers)} as well"
            )
        files, names = _files_of(found)
        number = {name: number for number, name in enumerate(self.classes)}
        kept = [place for place, path in enumerate(files) if path not in self.left_out]
        images = self._decoded([files[place] for place in kept], shape)
        return images, np.array([number[names[place]] for place in kept], np.int64)


def open_folder(
    root: Path,
    image_size: int | tuple[int, int] | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    background: str = "",
) -> FolderSource:
    """Lists the training files of a folder; opens none.

    A folder with a sub-folder train/ that has sub-folders is taken as train/CLASS/ and test/CLASS/, any other
    as CLASS/. Names that start with a dot and files with other suffixes than `SUFFIXES` are passed over.

    Args:
        root: The folder.
        image_size: Height and width to bring all images to (one number: both); None: the most common size.
        max_bytes: Bound on the memory of the decoded images of one part.
        background: The colour below transparent pixels; empty: transparency is dropped.

    Raises:
        UserError: No classes, a class without images, or validation images beside train/.
    """
    size = _checked_size(image_size)
    check_background(background)
    train, test = root, None
    if (root / "train").is_dir() and _sub_folders(root / "train"):
        train = root / "train"
        test = root / "test" if (root / "test").is_dir() else None
        for name in _VALIDATION_NAMES:
            if (root / name).is_dir():
                raise UserError(
                    f"{root}: expected train/ and test/, got {name}/ as well; validation images are split "
                    f"off train/: move those in {name}/ there, or rename it to test/"
                )
    folders = _class_folders(train)
    if len(folders) == 1:
        only = folders[0]
        deeper = f": if those are in it, give {only}" if _sub_folders(only) else ""
        raise UserError(
            f"{train}: expected a sub-folder with images for each class, two at least, "
            f"got {only.name!r} alone{deeper}"
        )
    files, names = _files_of(folders)
    classes = tuple(folder.name for folder in folders)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = tuple(numbers[name] for name in names)
    beside = len(_images_in(train))
    return FolderSource(
        tuple(files), labels, classes, test, size, max_bytes, beside=beside, background=background
    )


def _checked_size(image_size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if image_size is None:
        return None
    size = image_size if isinstance(image_size, tuple) else (image_size, image_size)
    if len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
        raise UserError(f"image_size: expected a positive integer or (height, width), got {image_size!r}")
    return size


def _sub_folders(folder: Path) -> list[Path]:
    """Visible sub-folders by name, in an order that does not depend on the file system."""
    found = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    return sorted(found, key=lambda path: path.name)


def _class_folders(folder: Path) -> list[Path]:
    folders = _sub_folders(folder)
    if not folders:
        raise UserError(f"{folder}: expected a sub-folder with images for each class, got no sub-folder")
    return folders


def _images_in(folder: Path) -> list[Path]:
    """Visible image files directly in a folder, by name."""
    own = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    return sorted((path for path in own if not path.name.startswith(".")), key=lambda path: path.name)


def _files_of(folders: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Image files of the classes and, in the same order, the name of the class of each."""
    files: list[Path] = []
    names: list[str] = []
    for folder in folders:
        own = _images_in(folder)
        if not own:
            raise UserError(f"{folder}: expected images of this class ({', '.join(SUFFIXES)}), got none")
        files += own
        names += [folder.name] * len(own)
    return files, names


def _common_shape(
    files: list[Path], image_size: tuple[int, int] | None, background: str
) -> tuple[Shape, int, list[str]]:
    """The shape to bring the images to, from their headers, how many are transparent, and what is changed."""

    def look(image: Image) -> tuple[str, bool, int, int]:
        transparent = image.mode in _TRANSPARENT_MODES or "transparency" in image.info
        return image.mode, transparent, image.height, image.width

    headers = _in_threads(lambda path: _with_image(path, look), files)
    modes, sizes, transparent = Counter[str](), Counter[tuple[int, int]](), 0
    for mode, see_through, height, width in headers:
        modes[mode] += 1
        sizes[height, width] += 1
        transparent += see_through
    most = max(sizes, key=lambda size: (sizes[size], size[0] * size[1], size))
    height, width = image_size or most
    coloured = not modes.keys() <= set(_GREY_MODES)
    converted = Counter(
        {
            "grey made colour": sum(modes[mode] for mode in _GREY_MODES) if coloured else 0,
            "made RGB": sum(modes[mode] for mode in _OTHER_COLOURS),
            f"put on {background}" if background else "without their transparency": transparent,
        }
    )
    return (height, width, 3 if coloured else 1), transparent, changes_of(sizes, converted, height, width)


def _decode_all(
    files: list[Path], shape: Shape, max_bytes: int, marks: list[bytes], background: str
) -> NDArray[np.uint8]:
    """Decodes files to one array of shape (n, H, W, C), and notes what each image is known by."""
    height, width, channels = shape
    needed = len(files) * height * width * channels
    if needed > max_bytes:
        raise UserError(
            f"image_size: expected images that take at most max_bytes = {max_bytes:,} bytes, got {needed:,} "
            f"for {len(files):,} images of {height}x{width}; ask for a smaller image_size"
        )
    images = np.empty((len(files), height, width, channels), dtype=np.uint8)

    def decode(image: Image) -> tuple[bytes, NDArray[np.uint8]]:
        from PIL.Image import Resampling

        mark = mark_of_file(image)
        # A palette's transparent colour is dropped with the alpha channel.
        if "transparency" in image.info or (background and image.mode in _TRANSPARENT_MODES):
            image = on_background(image, background)
        image = image.convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Resampling.BILINEAR)
        return mark, np.asarray(image, dtype=np.uint8).reshape(shape)

    marks.clear()
    for number, (mark, pixels) in enumerate(_in_threads(lambda path: _with_image(path, decode), files)):
        images[number] = pixels
        marks.append(mark)
    return images


def _files_in(folder: Path) -> list[Path]:
    """Image files in the folders of a folder."""
    return [path for below in _sub_folders(folder) for path in _images_in(below)]


def _look(path: Path) -> DamagedImageError | None:
    """What is wrong with a file, if it is no image that can be read to its end."""
    try:
        _with_image(path, lambda image: image.load())
    except DamagedImageError as error:
        return error
    return None


def _in_threads(work: Callable[[Path], _T], files: list[Path]) -> Iterator[_T]:
    """Results in the order of the files. Pillow decodes outside the interpreter's lock, so threads help."""
    step = 1024  # bounds what waits to be collected, and how much is still done after an error
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), step):
            yield from pool.map(work, files[start : start + step])


def _with_image(path: Path, look: Callable[[Image], _T]) -> _T:
    """Opens an image file and looks at it.

    Raises:
        UserError: No image, a broken one, or one with more than 8 bits a channel.
    """
    from PIL.Image import DecompressionBombError
    from PIL.Image import open as open_image

    try:
        with open_image(path) as image:
            if image.mode not in _GREY_MODES + _COLOUR_MODES:
                raise UserError(
                    f"{path}: expected 8 bits a channel, got an image of Pillow's mode {image.mode!r}: "
                    "convert it, or remove it"
                )
            return look(image)
    except UserError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, DecompressionBombError) as error:
        raise DamagedImageError(path, str(error) or type(error).__name__) from error
