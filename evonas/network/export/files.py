"""Files that are whole or not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ...errors import UserError


def checked(path: Path, ending: str) -> Path:
    """Checks that a file could be written, before the work that goes into it.

    Raises:
        UserError: Another ending, a folder of that name, or no folder to write into.
    """
    if path.suffix.lower() != ending:
        raise UserError(f"export: expected a file that ends in {ending}, got {str(path)!r}")
    try:
        if path.is_dir():
            raise UserError(f"export: expected a file, got the folder {str(path)!r}")
        if not path.parent.is_dir():
            raise UserError(f"export: expected a folder that exists, got {str(path.parent)!r}")
    except OSError as error:
        raise UserError(f"export {str(path)!r}: cannot be written: {error.strerror or error}") from None
    return path


def check_module_name(path: Path) -> None:
    """Checks that a Python file does not hide what it needs: a script finds the files beside it first.

    Raises:
        UserError: The file is named like a module of Python or of PyTorch.
    """
    if path.stem in sys.stdlib_module_names or path.stem in ("torch", "safetensors", "numpy"):
        raise UserError(
            f"export: expected a name that no module has, since {path.name} would hide the module "
            f"{path.stem!r} from itself, got {str(path)!r}"
        )


def write(contents: Mapping[Path, bytes]) -> list[Path]:
    """Writes all files under temporary names, then renames them, the first one last.

    Returns:
        The paths, in the order given.

    Raises:
        UserError: One cannot be written; the temporary files are gone, the old ones still there.
    """
    started: dict[Path, Path] = {}
    path = next(iter(contents))
    try:
        for path, content in contents.items():
            if path.is_dir():
                raise IsADirectoryError("a folder has that name")
            temporary = path.with_name(f"{path.name}.tmp")
            with temporary.open("wb") as handle:
                started[path] = temporary
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
        for path in reversed(list(contents)):
            started[path].replace(path)
    except OSError as error:
        raise UserError(f"export {str(path)!r}: cannot be written: {error.strerror or error}") from None
    finally:
        for temporary in started.values():
            temporary.unlink(missing_ok=True)
    return list(contents)
