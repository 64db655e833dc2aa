"""Labels as they come (any integers) and as they are handed out (0 to K - 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

_LARGEST_WHOLE_FLOAT = 2.0**53


def checked_labels(raw: NDArray[Any], what: str) -> NDArray[np.int64]:
    """Checks labels of any source.

    Args:
        raw: Shape (N,) or (N, 1): integers, or floats that are whole numbers.
        what: How messages name the array, such as ``"pets.npz: y_train"``.

    Returns:
        Shape (N,), int64, the values as they were.

    Raises:
        UserError: One-hot rows, another rank or type, fractions, NaN, or no labels at all.
    """
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim == 2:
        raise UserError(
            f"{what}: expected one integer an image, shape (N,), got shape {raw.shape}; "
            "if the rows are one-hot, use y.argmax(axis=1)"
        )
    if raw.ndim != 1:
        raise UserError(f"{what}: expected one integer an image, shape (N,), got shape {raw.shape}")
    if raw.size == 0:
        raise UserError(f"{what}: expected at least one label, got none")
    if raw.dtype.kind == "f":
        whole = np.isfinite(raw) & (raw == np.floor(raw)) & (np.abs(raw) <= _LARGEST_WHOLE_FLOAT)
        if not whole.all():
            raise UserError(f"{what}: expected integers, got {raw.dtype} with the value {raw[~whole][0]}")
    elif raw.dtype.kind not in "iub":
        raise UserError(
            f"{what}: expected integers, got type {raw.dtype}; "
            "np.unique(y, return_inverse=True) gives names and numbers"
        )
    elif int(raw.max()) > np.iinfo(np.int64).max:
        raise UserError(f"{what}: expected integers of at most 64 bits with sign, got {int(raw.max())}")
    return raw.astype(np.int64)


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes that the training images have, in the order of their label values.

    Attributes:
        values: The label of each class as the source writes it, ascending, shape (K,).
        names: What each class is called.
    """

    values: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: NDArray[np.int64], names: Sequence[str] | None, what: str) -> Classes:
        """Finds the classes in the training labels.

        Args:
            labels: Shape (N,), any integers.
            names: ``names[v]`` is the name of label ``v``; None: the labels are the names.
            what: How messages name the labels.

        Raises:
            UserError: Fewer than two classes, or a label without a name.
        """
        values = np.unique(labels)
        if len(values) < 2:
            raise UserError(f"{what}: expected at least two classes, got only label {values[0]}")
        if names is None:
            return cls(values, tuple(str(value) for value in values.tolist()))
        outside = values[(values < 0) | (values >= len(names))]
        if len(outside):
            raise UserError(
                f"{what}: expected labels from 0 to {len(names) - 1}, for {len(names)} class names, "
                f"got {outside[0]}"
            )
        return cls(values, tuple(str(names[value]) for value in values.tolist()))

    def number(self, labels: NDArray[np.int64], what: str) -> NDArray[np.int64]:
        """Numbers labels from 0 to K - 1.

        Raises:
            UserError: A label that the training images do not have.
        """
        numbers = np.minimum(np.searchsorted(self.values, labels), len(self.values) - 1)
        strangers = np.unique(labels[self.values[numbers] != labels])
        if len(strangers):
            raise UserError(
                f"{what}: expected only classes that the training images have, "
                f"got label {', '.join(map(str, strangers[:5].tolist()))} as well"
            )
        return numbers.astype(np.int64)
