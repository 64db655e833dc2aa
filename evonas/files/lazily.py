"""Names of a package that are imported where they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def later(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package that imports some of its names where they are first used.

    So nobody waits for torch, which takes over a second, who does not use it.

    Args:
        package: The package's name.
        places: By module of the package, the names that it has, with spaces between them.
    """
    module = sys.modules[package]
    homes = {name: place for place, names in places.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(module, name, found)
        return found

    def names_there() -> list[str]:
        return sorted({*vars(module), *homes})

    module.__dict__["__dir__"] = names_there  # which completion asks
    return get
