"""Which texts are meant as genotypes of this kind, and the levels that a genotype needs."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from .space import HierarchicalSpace

LARGEST = 10_000
"""Characters; the paper's cells take some 100."""

_MOTIF = r"[0-9a-z](?:-[0-9a-z]+)*"
_LEVEL = rf"{_MOTIF}(?:\s+{_MOTIF})*"
_TEXT = re.compile(rf"\s*{_LEVEL}(?:\s+\|\s+{_LEVEL})*\s*", re.ASCII)


def is_text(text: str) -> bool:
    """Whether a text is meant as motifs, right or wrong; there are spaces around its bars, as GeNet's may have."""
    return len(text) <= LARGEST and "-" in text and _TEXT.fullmatch(text) is not None


def space_for(genotype: str | Mapping[str, Any], space: HierarchicalSpace) -> HierarchicalSpace:
    """The space with as many levels, motifs and nodes as a genotype has."""
    if isinstance(genotype, str):
        levels: Any = [level.split() for level in genotype.split("|")]
        rows = [[motif.count("-") + 1 for motif in level] for level in levels]
    else:
        levels = genotype.get("levels") if isinstance(genotype, Mapping) else None
        if not isinstance(levels, list) or not all(isinstance(level, list) for level in levels):
            return space
        rows = [[len(motif) if isinstance(motif, list) else 0 for motif in level] for level in levels]
    if not all(level and min(level) for level in rows) or len(rows[-1]) != 1:
        return space
    motifs, nodes = tuple(map(len, rows)), tuple(level[0] + 1 for level in rows)
    return dataclasses.replace(space, motifs=motifs, nodes=nodes)
