"""Imports every module of the installed evonas and loads every entry point (run by check_wheel.py)."""

from __future__ import annotations

import importlib
import sys
import traceback
from importlib.metadata import distribution
from pathlib import Path


def modules(files: list[str]) -> list[str]:
    """The dotted names of the Python files; running `__main__` would start the command."""
    dotted = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files]
    return sorted(name for name in dotted if not name.endswith(".__main__"))


def main() -> int:
    package = distribution("evonas")
    files = [path.as_posix() for path in package.files or [] if path.suffix == ".py"]
    failures = 0
    for name in modules(files):
        try:
            origin = Path(str(importlib.import_module(name).__file__)).resolve()
            if not origin.is_relative_to(Path(sys.prefix).resolve()):
                raise ImportError(f"{name} came from {origin}, not from the installed wheel")
        except Exception:  # every broken module is named, not only the first
            traceback.print_exc()
            failures += 1
    for entry_point in package.entry_points:
        try:
            entry_point.load()
        except Exception:
            traceback.print_exc()
            print(f"entry point {entry_point.group} {entry_point.name} does not load", file=sys.stderr)
            failures += 1
    print(f"{len(files)} modules, {len(package.entry_points)} entry points, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
