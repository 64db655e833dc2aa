"""Datasets by name, found through the entry-point group ``evonas.datasets``.

A package adds a dataset with one line in its own metadata, as the ones in the box do::

    [options.entry_points]
    evonas.datasets =
        digits = evonas.data.digits:load

The value is a `NamedDataset`, made with the decorator `named_dataset`, or any function
``(data_dir, download) -> ImageSource``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ..errors import UserError, closest, nearest, nearest_path
from .source import ImageSource

GROUP = "evonas.datasets"

Loader = Callable[[Path, bool], ImageSource]
"""Opens a dataset: the folder that keeps its files, and whether to download them if they are not there."""


@dataclass(frozen=True)
class NamedDataset:
    """A loader and what `describe_datasets` says of it. Called like the function it wraps."""

    open: Loader
    summary: str
    size: str
    origin: str

    def __call__(self, data_dir: Path, download: bool) -> ImageSource:
        """Opens the dataset."""
        return self.open(data_dir, download)


def named_dataset(*, summary: str, size: str, origin: str) -> Callable[[Loader], NamedDataset]:
    """Turns a loader into a `NamedDataset` that an entry point can name."""

    def wrap(open_dataset: Loader) -> NamedDataset:
        return NamedDataset(open_dataset, summary, size, origin)

    return wrap


@dataclass(frozen=True)
class DatasetDescription:
    """One line of ``evonas list datasets``."""

    name: str
    summary: str
    size: str
    origin: str


_PATHS = (
    DatasetDescription(
        "FILE.npz", "your arrays", "x_train, y_train [, x_val ..., x_test ..., classes]", "numpy.savez"
    ),
    DatasetDescription(
        "FOLDER", "your image files", "CLASS/*.png, or train/CLASS/ [, val/ ..., test/ ...]", "a path"
    ),
)


def dataset_names() -> list[str]:
    """Names that are installed, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def describe_datasets() -> list[DatasetDescription]:
    """Describes every installed dataset, then the kinds of path that are datasets too.

    One that cannot be imported is listed with the reason in place of its summary.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    return [_describe(point) for point in points] + list(_PATHS)


def open_named(name: str, data_dir: Path, download: bool) -> ImageSource:
    """Opens the dataset of that name.

    Raises:
        UserError: No such name, two packages with the same name, or a loader that does not work.
    """
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        hint = nearest(name, dataset_names())
        if name and not closest(name, dataset_names()):
            hint = f"{nearest_path(Path(name))} {hint}".lstrip()
        raise UserError(
            f"dataset: expected a name, FILE.npz or an image folder, got {name!r}, which is none of them; "
            f"{hint}"
        )
    if len({point.value for point in points}) > 1:
        values = ", ".join(sorted(point.value for point in points))
        raise UserError(f"dataset {name!r}: expected one package to provide it, got {values}")
    where = points[0].value
    try:
        loader = points[0].load()
    except Exception as error:  # whatever another package's import raises is reported with its cause
        raise UserError(f"dataset {name!r}: expected a loader at {where}, got {_reason(error)}") from error
    if not callable(loader):
        raise UserError(f"dataset {name!r}: expected a callable at {where}, got {type(loader).__name__}")
    source = loader(data_dir, download)
    if not isinstance(source, ImageSource):
        raise UserError(
            f"dataset {name!r}: expected its loader to return an ImageSource, got {type(source).__name__}"
        )
    return source


def _describe(point: EntryPoint) -> DatasetDescription:
    try:
        loader = point.load()
    except Exception as error:  # the list is also where a broken plug-in shows
        return DatasetDescription(point.name, f"cannot be loaded: {_reason(error)}", "", point.value)
    if isinstance(loader, NamedDataset):
        return DatasetDescription(point.name, loader.summary, loader.size, loader.origin)
    first_line = (getattr(loader, "__doc__", None) or "").strip().partition("\n")[0]
    return DatasetDescription(point.name, first_line, "", point.value)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
