"""Labels as they come (any integers, or text) and as they are handed out (0 to K - 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

_LARGEST_WHOLE_FLOAT = 2.0**53


def checked_labels(raw: NDArray[Any], what: str) -> NDArray[Any]:
    """Checks labels of any source.

    Args:
        raw: Shape (N,) or (N, 1): integers, floats that are whole numbers, or text.
        what: How messages name the array, such as ``"pets.npz: y_train"``.

    Returns:
        Shape (N,), int64 or text, the values as they were.

    Raises:
        UserError: One-hot rows, another rank or type, fractions, NaN, empty text, or no labels at all.
    """
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim == 2:
        raise UserError(
            f"{what}: expected one integer an image, shape (N,), got shape {raw.shape}; {_of_rows(raw)}"
        )
    if raw.ndim != 1:
        raise UserError(f"{what}: expected one integer an image, shape (N,), got shape {raw.shape}")
    if raw.size == 0:
        raise UserError(f"{what}: expected at least one label, got none")
    if raw.dtype.kind in "US":
        return _checked_text(raw, what)
    if raw.dtype.kind == "f":
        whole = np.isfinite(raw) & (raw == np.floor(raw)) & (np.abs(raw) <= _LARGEST_WHOLE_FLOAT)
        if not whole.all():
            raise UserError(f"{what}: expected integers, got {raw.dtype} with the value {raw[~whole][0]}")
    elif raw.dtype.kind not in "iub":
        raise UserError(
            f"{what}: expected integers or text, got type {raw.dtype}; y.astype(str) makes text of objects"
        )
    elif int(raw.max()) > np.iinfo(np.int64).max:
        raise UserError(f"{what}: expected integers of at most 64 bits with sign, got {int(raw.max())}")
    return raw.astype(np.int64)


def _of_rows(raw: NDArray[Any]) -> str:
    """What helps where each image has a row of labels."""
    if raw.dtype.kind in "iubf" and raw.size and not ((raw != 0).sum(axis=1) == 1).all():
        return "these rows are not one-hot, and of several labels an image none can be told to be its class"
    return "if the rows are one-hot, use y.argmax(axis=1)"


def _checked_text(raw: NDArray[Any], what: str) -> NDArray[np.str_]:
    """Labels that are names.

    Raises:
        UserError: One is empty, or bytes that are no UTF-8.
    """
    if raw.dtype.kind == "S":
        try:
            raw = np.char.decode(raw, "utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{what}: expected text in UTF-8, got {error.object[:20]!r}") from None
    empty = np.flatnonzero(np.char.strip(raw) == "")
    if len(empty):
        raise UserError(
            f"{what}: expected the name of a class for each image, got an empty one at {empty[0]}"
        )
    return raw


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes that the training images have, in the order of their label values.

    Attributes:
        values: The label of each class as the source writes it, ascending, shape (K,): int64 or text.
        names: What each class is called.
    """

    values: NDArray[Any]
    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: NDArray[Any], names: Sequence[str] | None, what: str) -> Classes:
        """Finds the classes in the training labels.

        Args:
            labels: Shape (N,), any integers, or text.
            names: ``names[v]`` is the name of label ``v``, or the text labels that may be; None: the labels
                are the names.
            what: How messages name the labels.

        Raises:
            UserError: Fewer than two classes, or a label without a name.
        """
        values = np.unique(labels)
        if len(values) < 2:
            raise UserError(f"{what}: expected at least two classes, got only label {values[0]}")
        if values.dtype.kind == "U" and names is not None:
            unnamed = sorted(set(values.tolist()) - {str(name) for name in names})
            if unnamed:
                raise UserError(f"{what}: expected labels that are among the class names, got {unnamed[0]!r}")
            names = None
        if names is None:
            return cls(values, tuple(str(value) for value in values.tolist()))
        outside = values[(values < 0) | (values >= len(names))]
        if len(outside):
            raise UserError(
                f"{what}: expected labels from 0 to {len(names) - 1}, for {len(names)} class names, "
                f"got {outside[0]}"
            )
        return cls(values, tuple(str(names[value]) for value in values.tolist()))

    def number(self, labels: NDArray[Any], what: str) -> NDArray[np.int64]:
        """Numbers labels from 0 to K - 1.

        Raises:
            UserError: A label that the training images do not have.
        """
        if labels.dtype.kind != self.values.dtype.kind:
            kinds = {"U": "text", "i": "integers"}
            own, other = kinds[labels.dtype.kind], kinds[self.values.dtype.kind]
            raise UserError(f"{what}: expected labels that are {other}, as in training, got {own}")
        numbers = np.minimum(np.searchsorted(self.values, labels), len(self.values) - 1)
        strangers = np.unique(labels[self.values[numbers] != labels])
        if len(strangers):
            raise UserError(
                f"{what}: expected only classes that the training images have, "
                f"got label {', '.join(map(str, strangers[:5].tolist()))} as well"
            )
        return numbers.astype(np.int64)


def numbers_among(
    raw: NDArray[Any], names: Sequence[str] | None, classes: Sequence[str], what: str
) -> NDArray[np.int64]:
    """Numbers labels as a network numbers its classes, which other images than these have given it.

    Args:
        raw: Shape (N,), text or integers.
        names: ``names[v]`` is the name of label ``v``; None: text is the names, and so are integers where all
            classes are called by integers. Otherwise integers are numbers of classes.
        classes: The network's, in its order.
        what: How messages name the labels.

    Raises:
        UserError: A label is none of the classes.
    """
    values, places = np.unique(checked_labels(raw, what), return_inverse=True)
    said: list[Any] = values.tolist()
    if values.dtype.kind != "U" and names is not None:
        outside = [value for value in said if not 0 <= value < len(names)]
        if outside:
            raise UserError(
                f"{what}: expected labels from 0 to {len(names) - 1}, for {len(names)} class names, "
                f"got {outside[0]}"
            )
        said = [str(names[value]) for value in said]
    elif values.dtype.kind == "U" or all(name.lstrip("-").isdigit() for name in classes):
        said = [str(value) for value in said]
    else:
        said = [classes[value] if 0 <= value < len(classes) else str(value) for value in said]
    number = {name: number for number, name in enumerate(classes)}
    strangers = [name for name in said if name not in number]
    if strangers:
        raise UserError(
            f"{what}: expected only classes that the network knows ({listed(classes)}), "
            f"got {listed(strangers)}"
        )
    return np.array([number[name] for name in said], np.int64)[places.reshape(-1)]


def listed(names: Sequence[str], most: int = 10) -> str:
    """Names in a message, of many the first.

    >>> listed(["a", "b"]), listed(["a", "b", "c"], 2)
    ('a, b', 'a, b and 1 more')
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
