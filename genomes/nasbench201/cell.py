"""A cell's operations, its text, and the name that the benchmark gives to isomorphic cells.

A cell has the nodes 0 (what it reads), 1, 2 and 3 (what it gives out), and an edge from each node to each
later one; a node is the sum of its edges (Dong and Yang 2020, Section 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ...errors import UserError

NONE, SKIP, CONV1, CONV3, POOL = "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"
OPERATIONS = (NONE, SKIP, CONV1, CONV3, POOL)
"""The five operations, in the benchmark's order. Its ``none`` gives zeros."""

NODES = 4
EDGES = tuple((source, target) for target in range(1, NODES) for source in range(target))
"""Source and target of each edge, in the order of the text: (0, 1), (0, 2), (1, 2), (0, 3), ..."""

ALL = 1 << 14
"""As many cells as a memory of all of them needs to hold."""

EXAMPLE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"

LARGEST = 500
"""Characters of a cell's text; the longest has 120."""

ZERO = "#"
"""How the benchmark's names write zeros."""

_START = re.compile(r"\s*\|\s*\w+~\d", re.ASCII)
_PATTERN = re.compile(r"\|(\w+)~0\|\+\|(\w+)~0\|(\w+)~1\|\+\|(\w+)~0\|(\w+)~1\|(\w+)~2\|")


@lru_cache(ALL)
def write(operations: tuple[str, ...]) -> str:
    """The benchmark's text.

    >>> write(("nor_conv_3x3", "none", "skip_connect", "none", "none", "avg_pool_3x3"))
    '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|'
    """
    nodes: list[str] = ["|", "|", "|"]
    for (source, target), operation in zip(EDGES, operations, strict=True):
        nodes[target - 1] += f"{operation}~{source}|"
    return "+".join(nodes)


def is_text(text: str) -> bool:
    """Whether a text is meant as a cell, right or wrong."""
    return _START.match(text) is not None


@lru_cache(ALL)
def read(text: str) -> tuple[str, ...]:
    """The reverse of `write`; spaces and line breaks do not count.

    Raises:
        UserError: It is no such text.
    """
    found = _PATTERN.fullmatch("".join(text.split())) if len(text) <= LARGEST else None
    if found is None:
        raise UserError(f"nasbench201 genotype: expected a cell such as {EXAMPLE}, got {text!r:.120}")
    return check(found.groups())


@lru_cache(ALL)
def check(operations: tuple[str, ...]) -> tuple[str, ...]:
    """The operations, if they are a cell's.

    Raises:
        UserError: Their number is wrong, or one is unknown.
    """
    if len(operations) != len(EDGES):
        raise UserError(
            f"nasbench201 genotype: expected {len(EDGES)} operations, one an edge, got {len(operations)}"
        )
    for operation in operations:
        if operation not in OPERATIONS:
            raise UserError(
                f"nasbench201 genotype: expected operations of {', '.join(OPERATIONS)}, got {operation!r:.40}"
            )
    return operations


def benchmark_name(operations: Sequence[str]) -> str:
    """The benchmark's name for a cell: its output as an expression, the terms of each sum sorted.

    A skip connection stands for what it reads. ``none``, and any operation on a node that is ``none`` alone,
    is written ``#`` and stays a term. By this the paper counts 6,466 different cells (Section 2.1). It sees
    the form of a function and not its weights: a convolution that two others read is written as often as it
    is read, as if there were two.

    >>> benchmark_name(("nor_conv_3x3", "none", "skip_connect", "none", "none", "avg_pool_3x3"))
    '#+#+(#+(0)@nor_conv_3x3)@avg_pool_3x3'
    """
    names = ["0"] + [""] * (NODES - 1)
    for target in range(1, NODES):
        terms = []
        for (source, end), operation in zip(EDGES, operations, strict=True):
            if end != target:
                continue
            if operation == NONE or names[source] == ZERO:
                terms.append(ZERO)
            else:
                terms.append(names[source] if operation == SKIP else f"({names[source]})@{operation}")
        names[target] = "+".join(sorted(terms))
    return names[-1]
