"""What a run folder may hold, and what is said of a folder that is none."""

from __future__ import annotations

from pathlib import Path

from ..errors import UserError, nearest_path, what_to_do
from .journal import BEGUN, FILE
from .weights import FolderStore

LOCK = "run.lock"
WEIGHTS = "weights"
GIVEN = "given"
"""The folder in a run that holds the weights of a trained network that it began from."""
LISTED = 5
"""So many runs a message names that says that there is none in a folder."""
FINAL = "final"
"""The folder in a run that holds the network `evonas train` made of its best."""
DESCRIPTION = "final.json"
"""The file that describes such a network, in its folder."""


def check_new(folder: Path) -> None:
    """Refuses a folder with anything in it but what a run that was killed at its beginning may leave.

    Raises:
        UserError: There is more.
    """
    if (folder / FILE).exists():
        raise UserError(
            f"run {folder}: a run is there already: resume it (evonas resume {folder}) or choose another"
        )
    if folder.is_dir() and any(not _is_leftover(item) for item in folder.iterdir()):
        raise UserError(f"run {folder}: expected a new or empty folder, got one with files in it")


def _is_leftover(item: Path) -> bool:
    """Whether a run that was killed at its beginning may have left this."""
    if item.name != GIVEN:
        return item.name in (LOCK, *BEGUN)
    first = FolderStore.name_of(0)
    return (
        item.is_dir()
        and not item.is_symlink()
        and {file.name for file in item.iterdir()} <= {first, FolderStore.temporary_name_of(first)}
    )


def unwritable(folder: Path, error: OSError) -> UserError:
    """What is raised where the system refuses to write a run."""
    return UserError(f"run {folder}: cannot be written: {error.strerror or error}{what_to_do(error)}")


def check_inside(folder: Path) -> None:
    """Refuses a run folder whose parts are elsewhere: it may come from somebody else, and is written to.

    Raises:
        UserError: One of them is a symbolic link.
    """
    for name in (LOCK, FILE, WEIGHTS, GIVEN):
        if (folder / name).is_symlink():
            raise UserError(
                f"run {folder}: {name} is a symbolic link, which may lead anywhere: "
                f"expected it to be in the run folder itself"
            )


def training_in(folder: Path) -> str:
    """A hint for a folder that holds a training instead of a run: what takes it, and where its run is."""
    if not (folder / DESCRIPTION).is_file():
        return ""
    hint = "it holds a network that evonas train made: evonas export and evonas draw take it"
    parent = folder.absolute().parent
    searched = folder.parent if folder.parent.name else parent
    return hint + (f", evonas show {searched} tells its search and test" if (parent / FILE).is_file() else "")


def meant_by(path: Path) -> str:
    """A hint for a path where nothing is: what has nearly that name, or else the runs near it."""
    return nearest_path(path) or runs_near(path)


def runs_near(folder: Path) -> str:
    """A hint for a folder without a run: the newest of those in it, or else beside it."""
    for place in (folder, folder.parent):
        try:
            found = [path for path in place.glob(f"*/{FILE}") if path.is_file()]
            found.sort(key=lambda path: (-path.stat().st_mtime, path))
        except OSError:  # it is not for us to read, or a run goes just now
            continue
        if found:
            names = ", ".join(str(path.parent) for path in found[:LISTED])
            more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
            return f"there are {names}{more}" if len(found) > 1 else f"there is {names}"
    return ""
