"""What the sub-folders of an image folder are: classes, or parts of a dataset with the classes in them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError, nearest
from .parts import TEST, TRAIN, UNCLEAR, VALIDATION, part_of

AUTO, CLASSES, PARTS, BEFORE = "auto", "classes", "parts", "before"
LAYOUTS = (AUTO, CLASSES, PARTS)
"""What a user may say. `BEFORE` is kept by runs that began when other names were looked for."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")

_UNDERSTOOD = "understood are CLASS/ alone, or train/CLASS/ with val/CLASS/ and test/CLASS/ or without them"
_SAY = "for classes of such names say --layout classes (layout='classes')"


@dataclass(frozen=True)
class Parts:
    """The folders of a dataset's parts, each with a sub-folder for each class.

    Attributes:
        train: Those to train on.
        validation: Validation images of the dataset's own; None where they are split off.
        test: Likewise.
        passed: Names of other folders beside them, which are passed over.
    """

    train: Path
    validation: Path | None = None
    test: Path | None = None
    passed: tuple[str, ...] = ()


def check_layout(layout: str) -> str:
    """Refuses what is no layout.

    Raises:
        UserError: The message lists them.
    """
    if layout not in (*LAYOUTS, BEFORE):
        raise UserError(f"layout {layout!r} is unknown; {nearest(str(layout), LAYOUTS)}")
    return layout


def find_parts(root: Path, layout: str = AUTO) -> Parts:
    """Finds the parts of a dataset by the names of folders.

    Args:
        root: The dataset's folder.
        layout: ``auto``: a folder whose name says part of a dataset is that part, or is refused;
            ``classes``: every sub-folder is a class; ``parts``: sub-folders are parts, and every folder in
            them is a class; ``before``: as runs began before this was asked: only ``train`` and ``test``, in
            these letters.

    Raises:
        UserError: Names say parts that cannot be used as what they say.
    """
    check_layout(layout)
    if layout == BEFORE:
        return _as_before(root)
    if layout == CLASSES:
        return Parts(root)
    said = {folder: part_of(folder.name) for folder in sub_folders(root)}
    named = {part: [folder for folder in said if said[folder] == part] for part in said.values() if part}
    if not named:
        if layout == PARTS:
            raise UserError(
                f"{root}: expected train/ with a sub-folder for each class (layout parts), got none"
            )
        _check_classes(root, root)
        return Parts(root)
    _check_parts(root, named, list(said))
    passed = tuple(f"{folder.name}/" for folder, part in said.items() if part is None)
    found = {part: folders[0] for part, folders in named.items()}
    for folder in found.values():
        if layout == AUTO:
            _check_classes(root, folder)
    return Parts(found[TRAIN], found.get(VALIDATION), found.get(TEST), passed)


def sub_folders(folder: Path) -> list[Path]:
    """Visible sub-folders by name, in an order that does not depend on the file system.

    Raises:
        UserError: A link leads nowhere, which may have been one: it would be missing without a word.
    """
    with os.scandir(folder) as entries:
        seen = [entry for entry in entries if not entry.name.startswith((".", "__"))]
    found = [folder / entry.name for entry in seen if _is(entry, os.DirEntry.is_dir)]
    for entry in seen:
        if not _is_image(entry.name) and _leads_nowhere(folder / entry.name, entry.is_symlink()):
            raise UserError(
                f"{folder / entry.name}: expected a folder or a file, got a link that leads nowhere: "
                "mend it or remove it"
            )
    return sorted(found, key=lambda path: path.name)


def images_in(folder: Path) -> list[Path]:
    """Visible image files directly in a folder, by name; links that lead nowhere are damaged ones."""
    with os.scandir(folder) as entries:
        own = [entry for entry in entries if _is_image(entry.name) and not entry.name.startswith(".")]
    found = [
        folder / entry.name
        for entry in own
        if _is(entry, os.DirEntry.is_file) or _leads_nowhere(folder / entry.name, entry.is_symlink())
    ]
    return sorted(found, key=lambda path: path.name)


def images_below(folder: Path) -> int:
    """How many images are in the sub-folders of a folder, however deep."""
    below = [Path(place) for inner in sub_folders(folder) for place, _, _ in os.walk(inner)]
    return sum(len(images_in(place)) for place in below)


def _leads_nowhere(path: Path, is_link: bool) -> bool:
    """Whether a path is a link to what is not there, or to itself."""
    return is_link and not path.exists()


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _is(entry: os.DirEntry[str], kind: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return kind(entry)
    except OSError:  # a link to itself
        return False


def _check_parts(root: Path, named: dict[str, list[Path]], there: list[Path]) -> None:
    """Makes sure that names of parts can be used as what they say.

    Raises:
        UserError: One is unclear, said twice, has images of no class, or there is nothing to train on.
    """
    if UNCLEAR in named:
        name = named[UNCLEAR][0].name
        raise UserError(
            f"{root}: {name}/ says part of a dataset, but not whether to train, validate or test; "
            f"{_UNDERSTOOD}; {_SAY}"
        )
    for part, folders in named.items():
        if len(folders) > 1:
            names = " and ".join(f"{folder.name}/" for folder in folders)
            raise UserError(f"{root}: expected one folder {part}/, got {names}; {_UNDERSTOOD}; {_SAY}")
    if TRAIN not in named:
        name = next(folders[0].name for folders in named.values())
        others = ", ".join(f"{folder.name}/" for folder in there if part_of(folder.name) is None)
        got = f"got {others[:200]}: move what is to train on into train/" if others else "got none"
        raise UserError(
            f"{root}: expected train/ beside {name}/, which says part of a dataset, {got}; "
            f"{_UNDERSTOOD}; {_SAY}"
        )
    for part, (folder,) in named.items():
        if not sub_folders(folder) and (part == TRAIN or images_in(folder)):
            got = "images of no class" if images_in(folder) else "none"
            raise UserError(
                f"{root}: expected a sub-folder for each class in {folder.name}/, which says part of a "
                f"dataset, got {got}; {_UNDERSTOOD}; {_SAY}"
            )


def _check_classes(root: Path, folder: Path) -> None:
    """Makes sure that no class, and no folder within one, has the name of a part.

    Raises:
        UserError: One has.
    """
    for one in sub_folders(folder):
        if folder != root and part_of(one.name):
            raise UserError(
                f"{root}: {folder.name}/{one.name}/ says part of a dataset within another; {_UNDERSTOOD}; "
                "if it is a class, say --layout parts (layout='parts')"
            )
        for inner in sub_folders(one):
            if part_of(inner.name):
                inside = inner.relative_to(root).as_posix()
                way = "classes" if folder == root else "parts"
                raise UserError(
                    f"{root}: {inside}/ says part of a dataset within {one.name}/; {_UNDERSTOOD}; "
                    f"to pass it over, say --layout {way} (layout={way!r})"
                )


def _as_before(root: Path) -> Parts:
    """What was found before layouts were asked for, so that runs of then go on with the same images."""
    if not ((root / "train").is_dir() and sub_folders(root / "train")):
        return Parts(root)
    for name in ("val", "valid", "validation"):
        if (root / name).is_dir():
            raise UserError(f"{root}: expected train/ and test/, got {name}/ as well")
    return Parts(root / "train", None, root / "test" if (root / "test").is_dir() else None)
