"""What is offered under a name: by installed packages, and by files and objects that a caller brings.

What ships with evonas comes through the same door as what other packages install: entry points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..errors import UserError, nearest

_ONE_OF = {
    "genomes": "genome",
    "operators": "operator",
    "morphisms": "morphisms",
    "strategies": "strategy",
    "datasets": "dataset",
}

_brought: dict[str, dict[str, tuple[Any, str]]] = {}
"""By group and name: what callers have brought into this process, and where it came from."""


@cache
def entries(group: str) -> dict[str, EntryPoint]:
    """The entry points of one group, such as ``genomes``, by name."""
    found = entry_points(group=f"evonas.{group}")
    return {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}


def names(group: str) -> list[str]:
    """Everything that a group offers: what is installed, and what callers have brought."""
    return sorted({**entries(group), **_brought.get(group, {})})


def bring(group: str, name: str, thing: Any, source: str) -> None:
    """Makes something known in this process under a name, as if it were installed.

    Args:
        group: ``genomes`` or ``strategies``.
        name: What it is called from now on; whoever brought it before is replaced.
        thing: The class.
        source: Where it comes from, for listings.

    Raises:
        UserError: Something installed has that name.
    """
    if name in entries(group):
        raise UserError(
            f"{_ONE_OF[group]} {name!r} ({source}): {provider(group, name)} has one of that name: "
            "choose another"
        )
    _brought.setdefault(group, {})[name] = (thing, source)


@contextmanager
def brought_apart() -> Iterator[None]:
    """What is brought within is forgotten at the end, and what it replaced is back.

    So searches of one process that bring different things under one name do not meet each other's.
    """
    before = {group: dict(found) for group, found in _brought.items()}
    try:
        yield
    finally:
        _brought.clear()
        _brought.update(before)


def brought_files() -> list[str]:
    """The Python files from which callers have brought something into this process."""
    sources = {source for group in _brought.values() for _, source in group.values()}
    return sorted(source for source in sources if source.endswith(".py"))


def find(group: str, name: str) -> Any:
    """Loads what a group offers under a name.

    Args:
        group: ``genomes``, ``operators``, ``strategies`` or ``datasets``.
        name: As listed.

    Raises:
        UserError: Nothing has that name, or it cannot be loaded.
    """
    if isinstance(name, str) and name in _brought.get(group, {}):
        return _brought[group][name][0]
    known = entries(group)
    if not isinstance(name, str) or name not in known:
        raise UserError(f"{_ONE_OF[group]} {name!r} is unknown; {nearest(name, names(group))}")
    try:
        return known[name].load()
    except Exception as error:
        raise UserError(
            f"{_ONE_OF[group]} {name!r} ({known[name].value}) cannot be loaded: {error}"
        ) from error


def provider(group: str, name: str) -> str:
    """The installed package and version that an entry comes from, or the file that was named."""
    if name in _brought.get(group, {}):
        return _brought[group][name][1]
    distribution = entries(group)[name].dist
    return f"{distribution.name} {distribution.version}" if distribution else "unknown"


def dashed(name: str) -> str:
    """A class's or function's name as it is written on the command line.

    >>> dashed("TabuSearch"), dashed("swap_cells")
    ('tabu-search', 'swap-cells')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()
