"""What a dataset is, beyond where it lies: the content, the order and the labels of its images."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from ..errors import UserError
from ..files import Noted, NotedCount, expect
from .marks import Marks

_MARKS, _LABELS = np.dtype("<u8"), np.dtype("<u4")

_Form = Annotated[tuple[NotedCount, NotedCount, NotedCount, str], Meta(description="three sizes and a type")]


class NotedIdentity(TypedDict):
    """What `Identity.to_dict` gives, as a journal notes it."""

    marks: str
    labels: str
    classes: list[str]
    form: _Form
    total: Noted
    all_labels: str
    own_validation: NotRequired[Noted]


@dataclass(frozen=True, eq=False)
class Identity:
    """The images that a search may see, and how many there are besides. No test image is read for it.

    Attributes:
        marks: Of the training and validation images, in their order; a validation part of the dataset's own
            comes last.
        labels: Their classes, by number.
        classes: The names of the classes.
        form: Height, width, channels and type that the images are brought to.
        total: Images with a label, those kept for the test and those left out included.
        all_labels: A digest of the labels of all these, in their order: it decides which the test keeps.
        own_validation: So many are a validation part of the dataset's own; 0 where it is split off.
    """

    marks: Marks
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    form: tuple[int, int, int, str]
    total: int
    all_labels: str
    own_validation: int = 0

    def __len__(self) -> int:
        return len(self.marks)

    def same_as(self, other: Identity) -> bool:
        """Whether content, order, labels and form are equal."""
        return (
            (self.classes, self.form, self.total, self.all_labels, self.own_validation)
            == (other.classes, other.form, other.total, other.all_labels, other.own_validation)
            and np.array_equal(self.marks, other.marks)
            and np.array_equal(self.labels, other.labels)
        )

    def named(self) -> list[tuple[int, str]]:
        """Each image's mark and the name of its class."""
        return [
            (mark, self.classes[label])
            for mark, label in zip(self.marks.tolist(), self.labels.tolist(), strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON: some 16 bytes an image."""
        return {
            "marks": _packed(self.marks, _MARKS),
            "labels": _packed(self.labels, _LABELS),
            "classes": list(self.classes),
            "form": list(self.form),
            "total": self.total,
            "all_labels": self.all_labels,
            "own_validation": self.own_validation,
        }

    @classmethod
    def from_dict(cls, noted: Any, what: str = "identity") -> Identity:
        """The reverse of `to_dict`.

        Args:
            noted: From JSON.
            what: What messages call it.

        Raises:
            UserError: It is no such thing.
        """
        found: Mapping[str, Any] = expect(noted, NotedIdentity, what)
        marks = read_marks(found["marks"], f"{what}: marks")
        labels = _unpacked(found["labels"], _LABELS, f"{what}: labels").astype(np.int64)
        classes = tuple(found["classes"])
        if len(marks) != len(labels) or (len(labels) and int(labels.max()) >= len(classes)):
            raise UserError(f"{what}: expected a class for each image, got {len(marks)} and {len(labels)}")
        height, width, channels, kind = found["form"]
        return cls(
            marks,
            labels,
            classes,
            (height, width, channels, kind),
            found["total"],
            found["all_labels"],
            found.get("own_validation", 0),
        )


def digest_of_labels(labels: NDArray[np.int64], classes: Sequence[str]) -> str:
    """A digest of labels in their order, by the names of their classes."""
    digest = blake2b(json.dumps(list(classes)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(labels, dtype="<i8").data)
    return digest.hexdigest()


def pack_marks(marks: Marks) -> str:
    """Marks as text."""
    return _packed(marks, _MARKS)


def read_marks(noted: Any, what: str) -> Marks:
    """The reverse of `pack_marks`.

    Raises:
        UserError: They are none.
    """
    return _unpacked(noted, _MARKS, what).astype(np.uint64)


def _packed(values: NDArray[Any], kind: np.dtype[Any]) -> str:
    return b64encode(values.astype(kind).tobytes()).decode("ascii")


def _unpacked(noted: Any, kind: np.dtype[Any], what: str) -> NDArray[Any]:
    try:
        data = b64decode(expect(noted, str, what), validate=True)
    except ValueError as error:
        raise UserError(f"{what}: expected base64, got {error}") from None
    if len(data) % kind.itemsize:
        raise UserError(f"{what}: expected {kind.itemsize} bytes an image, got {len(data)} in all")
    return np.frombuffer(data, kind)
