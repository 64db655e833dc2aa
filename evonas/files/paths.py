"""Whether a text can be the name of a file at all."""

from __future__ import annotations

import os
from pathlib import Path


def as_path(text: str) -> Path | None:
    """The path that a text names, its home folder written out; None where the system knows no such names.

    It may name nothing that is there. A genotype or a sentence is often longer than a name can be.

    >>> as_path("runs/a") == Path("runs/a"), as_path("x" * 5000)
    (True, None)
    """
    if "\0" in text:
        return None
    try:
        path = Path(text).expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError):  # too long, a user without a home, what cannot be encoded
        return None
    return path


def expanded(path: str | Path) -> Path:
    """A path with the home folder that ``~`` stands for written out, if the system knows whose it is."""
    return Path(os.path.expanduser(path))
