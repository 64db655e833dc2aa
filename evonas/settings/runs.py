"""Run folders, opened with the settings that are noted in them."""

from __future__ import annotations

from pathlib import Path

from ..run import Run
from .settings import Settings


def open_run(folder: Path, *, write: bool = False) -> Run[Settings]:
    """Opens a run to read it, or, as its one writer, to continue it.

    Raises:
        UserError: No readable run is there, or another process writes it.
    """
    return Run.open(folder, Settings.from_dict, write=write)
