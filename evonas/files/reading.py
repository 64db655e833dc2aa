"""Reading text files that may come from anybody: bounded, and nothing but data."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from ..errors import UserError
from .sizes import size_text

LARGEST_TEXT = 64 * 2**20
"""Bytes; no genotype, recipe or report comes near it."""


def read_text(path: Path, what: str, largest: int = LARGEST_TEXT) -> str:
    """The text of a file.

    Args:
        path: A plain file, or a symbolic link to one.
        what: What messages call it, such as ``config recipe.toml``.
        largest: Bytes that it may have.

    Raises:
        UserError: It cannot be read, is no plain file, no UTF-8, or too large.
    """
    try:
        # Without waiting: a pipe in its place would have to be written by somebody first.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise UserError(f"{what}: cannot be read: it is no plain file")
            if found.st_size > largest:
                raise UserError(
                    f"{what}: expected at most {size_text(largest)}, got {size_text(found.st_size)}"
                )
            return file.read(largest + 1).decode("utf-8")
    except OSError as error:
        raise UserError(f"{what}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{what}: cannot be read: {error}") from None


def parse_json(text: str) -> Any:
    """What a text of JSON holds.

    Raises:
        ValueError: It is no JSON, or nested deeper than anything here is.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
