"""From a name or a path to an `ImageDataset`: open the source, check, number the classes, split by index."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError, after, nearest_path
from ..files import as_path, expanded
from ..task import Pixels, Task
from .account import Account
from .catalogue import dataset_names, open_named
from .damaged import of_whole_files
from .dataset import HOW_TO_TEST, ImageDataset, fingerprint_of
from .depth import BYTES
from .identity import digest_of_labels
from .image_folder import open_folder
from .images import Images, Shape, checked_images
from .labels import Classes, checked_labels
from .layout import AUTO, BEFORE, check_layout
from .marks import Marks, gathered
from .npz_file import DEFAULT_MAX_BYTES, open_npz
from .source import ImageSource, ValidatedSource, check_lengths
from .split import DEFAULT_TEST_FRACTION, check_fraction, check_integer, limit_images, take_test


def load_dataset(
    name: str = "digits",
    *,
    data_dir: Path | None = None,
    download: bool = False,
    train_limit: int | None = None,
    test_fraction: float | None = None,
    image_size: int | tuple[int, int] | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    seed: int = 0,
    layout: str = AUTO,
    without_damaged: bool = False,
    background: str = "",
) -> ImageDataset:
    """Loads the training part of a dataset.

    Args:
        name: An installed name (`describe_datasets`), FILE.npz (`open_npz` has its keys) or an image folder
            (`open_folder` has its layout). A name goes before a path; ``./digits`` is always a path.
        data_dir: Folder that keeps the files of named datasets; None: `default_data_dir`.
        download: Whether a named dataset may be downloaded when its files are not there.
        train_limit: Number of training images to keep, stratified by class; test images are not concerned.
        test_fraction: Part that is taken off as test images, stratified by class, where the dataset has no
            test part of its own. The same images whatever the seed. None: 0.2.
        image_size: For image folders: height and width to bring all images to; None: the most common size.
        max_bytes: For paths: bound on the memory of one array.
        seed: Decides which images ``train_limit`` keeps.
        layout: For image folders: what their sub-folders are. ``auto``: one whose name says part of a dataset
            (``train``, ``Val``, ``test_set`` ...) is that part, or is refused; ``classes``: all are classes;
            ``parts``: they are parts, and every folder in them is a class.
        without_damaged: For image folders: go on without files that cannot be read; else they are refused.
        background: For image folders: the colour below transparent pixels, such as ``white`` or ``#ff8000``;
            empty: transparency is dropped, and a pixel has the colour that is noted for it.

    Raises:
        UserError: The message names the file or the argument, what was expected and what came.
    """
    check_integer(max_bytes, "max_bytes", 1)
    named = as_path(os.fspath(name))
    path = Path() if named is None else named
    is_path = named is not None and name not in dataset_names() and name != ""
    source: ImageSource
    if is_path and path.is_dir():
        folder_source = open_folder(path, image_size, max_bytes, check_layout(layout), background)

        def build(files: Any) -> ImageDataset:
            return build_dataset(name, files, train_limit=train_limit, test_fraction=test_fraction, seed=seed)

        return of_whole_files(folder_source, without_damaged, build)
    for_folders = {"image_size": image_size, "without_damaged": without_damaged, "background": background}
    for what, value in for_folders.items():
        if value:
            raise UserError(f"{what}: expected only with a folder of images, got it with {name!r}")
    if check_layout(layout) not in (AUTO, BEFORE):
        raise UserError(f"layout: expected {layout!r} only with a folder of images, got it with {name!r}")
    if is_path and path.is_file():
        source = open_npz(path, max_bytes, layout)
    elif is_path and (path.suffix == ".npz" or len(path.parts) > 1):
        raise UserError(
            f"dataset {name!r}: expected an .npz file or a folder of images there, got nothing"
            f"{after(nearest_path(path))}"
        )
    else:
        folder = default_data_dir() if data_dir is None else expanded(data_dir)
        source = open_named(name, folder, download)
    return build_dataset(name, source, train_limit=train_limit, test_fraction=test_fraction, seed=seed)


def build_dataset(
    name: str,
    source: ImageSource,
    *,
    train_limit: int | None = None,
    test_fraction: float | None = None,
    seed: int = 0,
) -> ImageDataset:
    """Makes a dataset of any source, such as an `ArraySource` with arrays in memory.

    Args:
        name: What messages call it.
        source: Where the images come from.
        train_limit: As for `load_dataset`.
        test_fraction: As for `load_dataset`.
        seed: As for `load_dataset`.

    Raises:
        UserError: As for `load_dataset`.
    """
    values = checked_labels(np.asarray(source.labels), f"{name}: y_train")
    classes = Classes.of(values, source.classes, f"{name}: y_train")
    labels = classes.number(values, f"{name}: y_train")
    held_out, kept = _test_apart(name, source, labels, classes, test_fraction)
    if train_limit is not None:
        kept = kept[limit_images(labels[kept], train_limit, seed, classes.names, name)]
    x = checked_images(source.read_training(kept, None), f"{name}: x_train")
    y, known = labels[kept], _known(source)
    check_lengths(x.shape, y.shape, f"{name}: x_train", "y_train")
    shape: Shape = x.shape[1], x.shape[2], x.shape[3]
    validation = None
    if isinstance(source, ValidatedSource) and source.has_validation:
        validation = _own_part(name, "val", source.read_validation(shape), classes, x, _known(source))

    def read_test() -> Images:
        if _without_test(source):
            raise UserError(f"{name}: expected test images, got a dataset that has none: {HOW_TO_TEST}")
        if held_out is None:
            return _own_part(name, "test", source.read_test(shape), classes, x, _known(source))
        images = checked_images(source.read_training(held_out, shape), f"{name}: test images")
        return Images(images, labels[held_out], _known(source))

    def read_others() -> Images:
        others = np.setdiff1d(np.arange(len(labels), dtype=np.int64), kept)
        if not len(others):
            return Images(x[:0], y[:0], gathered([]))
        images = checked_images(source.read_training(others, shape), f"{name}: x_train")
        return Images(images, labels[others], _known(source))

    return ImageDataset(
        name=name,
        task=Task(channels=shape[2], height=shape[0], width=shape[1], classes=len(classes.names)),
        classes=classes.names,
        mirror=shape[2] >= 3 if source.mirror is None else source.mirror,
        fingerprint=fingerprint_of(Images(x, y), validation, classes.names),
        _training=Images(x, y, known),
        _read_test=read_test,
        _account=_account(source, len(labels), len(kept), held_out, validation is not None),
        _validation=validation,
        _total=len(labels) + (0 if validation is None else len(validation)),
        _all_labels=digest_of_labels(
            labels if validation is None else np.concatenate([labels, validation.y]), classes.names
        ),
        _read_others=read_others,
        has_test=not _without_test(source),
        pixels=_pixels(source, x),
    )


def _pixels(source: ImageSource, images: NDArray[Any]) -> Pixels:
    """What values are: only a source of files knows more of it than their type."""
    known = getattr(source, "pixels", None)
    if isinstance(known, Pixels):
        return known
    return Pixels(BYTES if images.dtype == np.uint8 else "")


def _without_test(source: ImageSource) -> bool:
    """Whether a source says that there are no test images: no part of the contract."""
    return not source.has_test and bool(getattr(source, "without_test", False))


def _test_apart(
    name: str, source: ImageSource, labels: NDArray[np.int64], classes: Classes, fraction: float | None
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """The places of test images that are held out, where a source has none of its own, and all others.

    Raises:
        UserError: A fraction was asked for where there is a test part or none is wanted, or it is none.
    """
    if source.has_test:
        if fraction is not None:
            check_fraction(fraction, "test_fraction")
            raise UserError(f"test_fraction: expected none, for {name} has its own test part, got {fraction}")
        return None, np.arange(len(labels), dtype=np.int64)
    if _without_test(source):
        if fraction is not None:
            raise UserError(f"test_fraction: expected none, for {name} has no test images, got {fraction}")
        return np.arange(0, dtype=np.int64), np.arange(len(labels), dtype=np.int64)
    validated = isinstance(source, ValidatedSource) and source.has_validation
    share = DEFAULT_TEST_FRACTION if fraction is None else fraction
    return take_test(labels, share, classes.names, name, validated)


def _account(
    source: ImageSource, labels: int, kept: int, held_out: NDArray[np.int64] | None, validated: bool
) -> Account:
    """What became of the images; most sources change nothing and have nothing beside them."""
    return Account(
        None if held_out is None else len(held_out),
        labels - kept - (0 if held_out is None else len(held_out)),
        tuple(getattr(source, "changes", ())),
        getattr(source, "beside", 0),
        ({"validation": ""} if validated else {}) | getattr(source, "part_names", {}),
        getattr(source, "passed_over", ()),
        len(getattr(source, "left_out", ())),
        getattr(source, "below", 0),
    )


def _known(source: ImageSource) -> Marks | None:
    """The marks of the images that a source has read last, if it keeps its own: no part of the contract."""
    marks = getattr(source, "marks", None)
    return None if marks is None else gathered(marks)


def default_data_dir() -> Path:
    """Folder that keeps downloaded datasets: ``~/.cache/evonas``, or where the platform keeps such files."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return expanded(base) / "evonas"


def _own_part(
    name: str,
    part: str,
    read: tuple[NDArray[Any], NDArray[Any]],
    classes: Classes,
    training: NDArray[Any],
    known: Marks | None,
) -> Images:
    """Holds validation or test images of the dataset's own, read just now, to the training images."""
    x = checked_images(np.asarray(read[0]), f"{name}: x_{part}")
    values = checked_labels(np.asarray(read[1]), f"{name}: y_{part}")
    check_lengths(x.shape, values.shape, f"{name}: x_{part}", f"y_{part}")
    if x.shape[1:] != training.shape[1:] or x.dtype != training.dtype:
        raise UserError(
            f"{name}: x_{part}: expected images like x_train, (height, width, channels) "
            f"{training.shape[1:]} of {training.dtype}, got {x.shape[1:]} of {x.dtype}"
        )
    return Images(x, classes.number(values, f"{name}: y_{part}"), known)
