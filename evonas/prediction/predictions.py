"""What images were taken for: probabilities, the likeliest classes, and how that fits to labels."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..files import encodable


@dataclass(frozen=True)
class ClassScore:
    """How images of one class fared.

    Attributes:
        name: Of the class.
        images: That are of it.
        predicted: That were taken for it.
        right: Both.
    """

    name: str
    images: int
    predicted: int
    right: int

    @property
    def recall(self) -> float | None:
        """Of the images of the class, the share that was taken for it; None where there are none."""
        return self.right / self.images if self.images else None

    @property
    def precision(self) -> float | None:
        """Of the images taken for the class, the share that is of it; None where there are none."""
        return self.right / self.predicted if self.predicted else None


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network took images for.

    Attributes:
        classes: The network's, by number.
        names: What each image is called: the name of its file, or its place from 0.
        probabilities: Shape (N, K), float32: the softmax of the network's outputs, a row an image.
        labels: Shape (N,), int64: the number of each image's class; None where they are not known.
        seen: How many images are equal to some that the network's search has trained or validated on; None
            where that is not known.
        said: What was done to bring images to what the network reads, and what of it may surprise, in words.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64] | None = None
    seen: int | None = None
    said: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Shape (N,): the number of the likeliest class of each image; of equal ones the first."""
        likeliest: NDArray[np.int64] = self.probabilities.argmax(axis=1).astype(np.int64)
        return likeliest

    @property
    def predicted(self) -> list[str]:
        """The name of the likeliest class of each image."""
        return [self.classes[number] for number in self.numbers.tolist()]

    def top(self, image: int, count: int) -> list[tuple[str, float]]:
        """The likeliest classes of one image with their probabilities, the likeliest first."""
        row = self.probabilities[image]
        order = np.argsort(-row, kind="stable")[:count].tolist()
        return [(self.classes[number], float(row[number])) for number in order]

    @cached_property
    def wrong(self) -> NDArray[np.int64]:
        """The places of images that were taken for another class than theirs.

        Raises:
            UserError: Their classes are not known.
        """
        places: NDArray[np.int64] = np.flatnonzero(self.numbers != self._known()).astype(np.int64)
        return places

    @property
    def accuracy(self) -> float | None:
        """The share of images that were taken for what they are; None where that is not known."""
        return None if self.labels is None else float((self.numbers == self.labels).mean())

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Shape (K, K): how many images of a class (row) were taken for which (column).

        Raises:
            UserError: Their classes are not known.
        """
        count = len(self.classes)
        cells = np.bincount(self._known() * count + self.numbers, minlength=count * count)
        matrix: NDArray[np.int64] = cells.reshape(count, count).astype(np.int64)
        return matrix

    def by_class(self) -> list[ClassScore]:
        """How each class fared, in the order of the classes.

        Raises:
            UserError: The classes of the images are not known.
        """
        matrix = self.confusion
        counts = zip(matrix.sum(axis=1), matrix.sum(axis=0), matrix.diagonal(), strict=True)
        return [ClassScore(name, *map(int, found)) for name, found in zip(self.classes, counts, strict=True)]

    def confused(self, most: int) -> list[tuple[str, str, int]]:
        """Classes that were taken for others, and how often, the commonest first.

        Raises:
            UserError: The classes of the images are not known.
        """
        others = self.confusion.copy()
        np.fill_diagonal(others, 0)
        order = np.argsort(-others, axis=None, kind="stable")[:most]
        pairs = [(int(place) // len(self.classes), int(place) % len(self.classes)) for place in order]
        return [(self.classes[a], self.classes[b], int(others[a, b])) for a, b in pairs if others[a, b]]

    def write_csv(self, path: str | Path) -> Path:
        """Writes a line an image: its name, its class where known, the predicted one, all probabilities.

        Bytes of a name that are no UTF-8 are written out.

        Raises:
            UserError: The file cannot be written.
        """
        path = Path(path)
        labelled = [] if self.labels is None else ["class"]
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                sheet = csv.writer(file, lineterminator="\n")
                sheet.writerow(["image", *labelled, "predicted", *(f"p({name})" for name in self.classes)])
                for place, (name, predicted) in enumerate(zip(self.names, self.predicted, strict=True)):
                    own = [] if self.labels is None else [self.classes[self.labels[place]]]
                    shares = (f"{share:.6g}" for share in self.probabilities[place].tolist())
                    sheet.writerow([encodable(name), *own, predicted, *shares])
        except OSError as error:
            raise UserError(f"out {path}: cannot be written: {error.strerror or error}") from None
        return path

    def _known(self) -> NDArray[np.int64]:
        if self.labels is None:
            raise UserError("labels: expected images whose classes are known, got some without")
        return self.labels
