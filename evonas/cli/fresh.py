"""Folders under ``runs`` for commands that were not told where to write."""

from __future__ import annotations

import datetime
from contextlib import suppress
from pathlib import Path

RUNS = Path("runs")

_made: list[Path] = []


def fresh_folder(genome: str, dataset: str) -> Path:
    """Makes a folder under ``runs``, named after what runs and when.

    It is made at once, so that two commands that begin in the same second have one each.
    """
    moment = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    name = f"{genome}-{Path(dataset).stem or 'function'}-{moment}"
    if not RUNS.exists():
        _made.append(RUNS.absolute())
    RUNS.mkdir(exist_ok=True)
    number = 1
    while True:
        folder = RUNS / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            continue
        _made.append(folder.absolute())
        return folder


def remove_unused() -> None:
    """Removes the folders that were made and nothing was written into, as where a command was refused."""
    while _made:
        with suppress(OSError):  # it is used, which is what it is for
            _made.pop().rmdir()
