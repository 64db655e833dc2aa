"""The images of a run: found where they lie now, and proved to be those that it began with."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data import (
    BEFORE,
    Identity,
    ImageDataset,
    Marks,
    Pixels,
    dataset_names,
    differences,
    pack_marks,
    read_marks,
    read_pixels,
)
from ..errors import UserError
from ..files import as_path
from .assembly import DataChoice
from .settings import Settings

NEAR = 6
"""So many folders above a run are looked into for images that are no longer where they were."""


@dataclass(frozen=True)
class RunImages:
    """What a run knows of its images.

    Attributes:
        settings: The run's.
        notes: What its journal notes; nothing of images where it had none.
        folder: Where the run lies; None for one in memory.
    """

    settings: Settings
    notes: Mapping[str, Any]
    folder: Path | None = None

    @property
    def any(self) -> bool:
        """Whether the run had images that it can be held to."""
        return not self.settings.table and bool(self.notes.get("dataset"))

    @property
    def identity(self) -> Identity | None:
        """What was noted of them; None for a run that noted a fingerprint alone."""
        noted = self.notes.get("identity")
        return None if noted is None else Identity.from_dict(noted)

    @property
    def pixels(self) -> Pixels | None:
        """What the values of the images are; None where that is not known.

        A run from before such notes has the type of its arrays at most, from which 8 bits can be told.
        """
        if "pixels" in self.notes:
            return read_pixels(self.notes["pixels"])
        identity = self.identity
        if identity is None:
            return None
        return Pixels("" if identity.form[3] != "uint8" else Pixels().depth, self.settings.background)

    @property
    def began_with_others(self) -> bool:
        """Whether the run began with weights that have seen other images than its own, or may have."""
        noted = self.notes.get("seen")
        return noted is not None and bool(noted["marks"] or not noted["whole"])

    def choice(self, data_dir: Path | None = None, download: bool = False) -> DataChoice:
        """How named datasets are found: as is said now, or else as the run found its own."""
        known = data_dir or self.notes.get("data_dir")
        return DataChoice(Path(known) if known else None, download)

    def differing(self, dataset: ImageDataset) -> str:
        """In what a dataset, opened with the run's limit, differs from the run's images; empty in nothing.

        Raises:
            UserError: The dataset cannot be divided for a search.
        """
        if not self.any:
            return ""
        if (identity := self.identity) is not None and (
            said := differences(identity, dataset.identity(), dataset.others)
        ):
            return "; ".join(said)
        split = dataset.search_split()
        if split.fingerprint == self.notes["dataset"]:
            return ""
        if identity is not None:
            return "the same files give other pixels: libraries of another version read or resize them"
        then, now = self.notes.get("images"), dataset.account(split)
        return f"then {then}; now {now}" if then and then != now else "their content, order or labels"

    def open(self, data: DataChoice, name: str, **reading: Any) -> ImageDataset:
        """A dataset with the limit that the run had, so that they can be compared.

        Args:
            data: How named datasets are found.
            name: Its name or path.
            reading: How files of a folder are read, where not as the run's were.
        """
        return data.open(name, self.settings.train_limit, **(self.reading(name) | reading))

    def reading(self, name: str) -> dict[str, Any]:
        """How the run's images were read, as far as that can be done with a dataset."""
        path = as_path(name)
        if name not in dataset_names() and path is not None and path.is_dir():
            return self.settings.reading
        return {"layout": BEFORE} if self.settings.layout == BEFORE else {}

    def find(self, data: DataChoice, named: str | None = None) -> ImageDataset:
        """The run's images, with its limit: where it says, or where they lie now.

        Args:
            data: How named datasets are found.
            named: Where they are said to lie.

        Raises:
            UserError: They are not there, or not those that the run began with.
        """
        refused: list[UserError] = []
        for place in [named] if named else self._places():
            try:
                dataset = self.open(data, place)
                why = self.differing(dataset)
            except UserError as error:
                refused.append(error)
                continue
            if not why:
                self._say_moved(place, named)
                return dataset
            refused.append(self._others(place, why))
        raise refused[0] if refused else self._gone()

    def seen(self, data: DataChoice) -> Marks | None:
        """The marks of all images that the run's networks may have seen; None where that is not known.

        A run from before such notes knows them only where its images are still there.
        """
        identity, earlier = self.identity, self.notes.get("seen", {"marks": "", "whole": True})
        if identity is None and self.any:
            with warnings.catch_warnings(), suppress(UserError):
                warnings.simplefilter("ignore")
                identity = self.find(data).identity()
        if identity is None or not earlier["whole"]:
            return None
        return np.union1d(identity.marks, read_marks(earlier["marks"], "seen"))

    def _places(self) -> Iterator[str]:
        """Where the images may lie: where they were, then as they lay from the run, then near it."""
        name = self.settings.dataset
        if name in dataset_names():
            yield name
            return
        path = as_path(name)
        if path is None:
            return
        tried: set[Path] = set()
        for place in self._paths(path):
            if place.exists() and (real := place.resolve()) not in tried:
                tried.add(real)
                yield name if not tried - {real} and place == path else str(real)

    def _paths(self, path: Path) -> Iterator[Path]:
        yield path
        if self.folder is None:
            return
        run = self.folder.resolve()
        if relative := self.notes.get("images_from"):
            yield run / relative
        for above in run.parents[:NEAR]:
            for parts in (path.parts[-1:], path.parts[-2:], path.parts[-3:]):
                yield above.joinpath(*(part for part in parts if part != path.anchor))

    def _say_moved(self, place: str, named: str | None) -> None:
        if named is None and place != self.settings.dataset:
            warnings.warn(
                f"run {self.folder}: its images are not, or not as they were, at {self.settings.dataset}; "
                f"the same ones were found at {place}",
                RuntimeWarning,
                stacklevel=4,
            )

    def _others(self, place: str, why: str) -> UserError:
        return UserError(
            f"dataset {place}: its training images are not those that the run began with ({why}): put those "
            "back, or say with --dataset where they lie"
        )

    def _gone(self) -> UserError:
        return UserError(
            f"dataset {self.settings.dataset}: the run's images are not there any more, nor near "
            f"{self.folder or 'here'}: say with --dataset where they lie now"
        )


def place_from(dataset: str, folder: Path) -> str | None:
    """Where images on disk lie as seen from a run's folder; None for a dataset with a name."""
    path = as_path(dataset)
    if not dataset or dataset in dataset_names() or path is None or not path.exists():
        return None
    try:
        return os.path.relpath(path.resolve(), folder.resolve())
    except ValueError:  # another drive
        return None


def noted_as_seen(marks: Marks | None) -> dict[str, Any]:
    """What a search that inherits weights notes of the images which these may have seen."""
    return {"marks": "" if marks is None else pack_marks(marks), "whole": marks is not None}
