"""What `parsers` and `run_parsers` are made of."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import evonas

SPACES = {
    "amoeba": {"cells": 1, "filters": 4, "combinations": 2, "stages": 2},
    "darts": {"cells": 2, "filters": 2},
    "genet": {"nodes": [3], "filters": [4], "hidden": 8},
    "hierarchical": {"groups": 1, "filters": 2, "nodes": [3, 3]},
    "large-scale": {"max_channels": 8, "max_parameters": 2000},
    "graph": {"filters": [2, 3, 4], "max_parameters": 20_000, "max_nodes": 60},
}
"""Of each genome one that is small."""


@dataclass(frozen=True)
class Parser:
    """Something that reads.

    Attributes:
        name: Of it.
        examples: Good inputs.
        read: Reads one; raises `evonas.UserError`, or nothing, whatever it is given.
        form: ``json``, ``text``, ``bytes`` or ``words``: how inputs are best spoilt.
    """

    name: str
    examples: tuple[bytes, ...]
    read: Callable[[bytes], None]
    form: str


def as_json(*things: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(thing).encode() for thing in things)


def loads(content: bytes) -> object:
    """As files are read: text, then JSON."""
    from evonas.files.reading import parse_json

    try:
        return parse_json(content.decode())
    except ValueError:
        raise evonas.UserError("no JSON") from None
