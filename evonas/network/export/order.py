"""An order of the nodes in which the code is read well."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...architecture import Architecture


def reading_order(architecture: Architecture) -> list[str]:
    """The nodes, each after those it reads.

    Who wrote an architecture had an order in mind, so that in which the nodes were added is kept. One that
    was read from a file has lost it, and its parallel branches alternate: then each is followed to its end.
    """
    written = _each_after_inputs(architecture, architecture.graph)
    by_branch = _each_after_inputs(architecture, [architecture.output])
    keeps_chains = 4 * _links(architecture, written) >= 3 * _links(architecture, by_branch)
    return written if keeps_chains else by_branch


def _each_after_inputs(architecture: Architecture, wanted: Iterable[str]) -> list[str]:
    """The nodes in the order wanted, each preceded by those inputs that are not there yet."""
    order: dict[str, None] = {}
    for name in wanted:
        waiting = [name]
        while waiting:
            missing = [source for source in architecture.inputs(waiting[-1]) if source not in order]
            if missing:
                waiting.append(missing[0])
            else:
                order.setdefault(waiting.pop())
    return list(order)


def _links(architecture: Architecture, order: list[str]) -> int:
    """How many nodes directly follow one that they read."""
    return sum(source in architecture.inputs(name) for source, name in pairwise(order))
