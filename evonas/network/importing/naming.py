"""Names for nodes, from the paths of a model's modules."""

from __future__ import annotations

import keyword
import re

from ...architecture import LONGEST, RESERVED, prefixes


class Namer:
    """Gives out names, none of which begins another."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._above: set[str] = set()  # the proper prefixes of what is taken

    def name(self, path: str) -> str:
        """A name that is like the path and not used yet."""
        wanted = node_name(path)
        if not self._free(wanted) and any(prefix in self._taken for prefix in prefixes(wanted)):
            wanted = _allowed(wanted.replace(".", "_"))  # a node stands where the path has a folder
        name, number = wanted, 2
        while not self._free(name):
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        self._above.update(prefixes(name))
        return name

    def _free(self, name: str) -> bool:
        used = name in self._taken or name in self._above
        return not used and not any(prefix in self._taken for prefix in prefixes(name))


def node_name(path: str) -> str:
    """A path of modules as a node's name: numbers get a letter, what is reserved an underscore.

    >>> node_name("layer1.0.conv1"), node_name("_stem.lambda"), node_name("features.type")
    ('layer1.n0.conv1', 'stem.lambda_', 'features.type_')
    """
    parts = [_allowed(part) for part in path.split(".")]
    while len(parts) > 1 and len(".".join(parts)) > LONGEST - 10:  # room for a number
        parts = parts[1:]
    return ".".join(parts)[: LONGEST - 10]


def _allowed(part: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9_]", "_", part).lstrip("_")
    if not cleaned[:1].isalpha():
        cleaned = f"n{cleaned}"
    return f"{cleaned}_" if keyword.iskeyword(cleaned) or cleaned in RESERVED else cleaned
