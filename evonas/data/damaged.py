"""Image files that cannot be read: all of them found and named at once, before anything is made of others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..errors import UserError

if TYPE_CHECKING:
    from .dataset import ImageDataset

NAMED = 50
"""So many are named; of more the number is said."""


class DamagedImageError(UserError):
    """One file is no image that Pillow can read.

    Attributes:
        path: The file.
        reason: What Pillow says of it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}: expected an image that Pillow can read, got: {reason}: remove it or mend it, or go on "
            "without it (--without-damaged)"
        )
        self.path = path
        self.reason = reason


class FilesSource:
    """A source of single files, as far as damaged ones are left out of it."""

    def damaged(self) -> list[DamagedImageError]:
        """Those that cannot be read, of all parts, in their order; what was read already is not again."""
        raise NotImplementedError

    def without(self, damaged: Collection[Path]) -> Self:
        """The source without some of its files."""
        raise NotImplementedError


def of_whole_files(
    source: FilesSource, leave_out: bool, build: Callable[[FilesSource], ImageDataset]
) -> ImageDataset:
    """Makes a dataset of a source of which every file can be read, whatever it serves for.

    A test image is opened to see that it is whole, and nothing is kept of it: otherwise a damaged one would
    be found when the final training is done.

    Args:
        source: The files.
        leave_out: Go on without damaged ones.
        build: Makes a dataset of a source, and reads those that a search needs.

    Raises:
        UserError: Files are damaged, which are all named.
    """
    first: DamagedImageError | None = None
    dataset: ImageDataset | None = None
    try:
        dataset = build(source)
    except DamagedImageError as error:
        first = error
    found = source.damaged()
    if not found and dataset is not None:
        return dataset
    if first is not None and not found:  # it was mended meanwhile
        raise first
    if not leave_out:
        raise all_of(found)
    return build(source.without({error.path for error in found}))


def all_of(found: list[DamagedImageError]) -> UserError:
    """One error for damaged files, which names them."""
    if len(found) == 1:
        return found[0]
    named = "; ".join(f"{error.path} ({error.reason})" for error in found[:NAMED])
    more = f"; and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return UserError(
        f"{len(found):,} damaged files, expected images that Pillow can read: {named}{more}: remove them or "
        "mend them, or go on without them (--without-damaged)"
    )
