"""Weights that several nodes share: one has the tensors, the others compute with them (`Reuse`)."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from ..errors import UserError
from .layers import Layer, Reuse, Shape
from .wiring import Wiring

HUB = "shared by "
"""Begins the name of what stands for shared tensors in `with_sharing`; no node's name has a space."""


def check_sharing(wiring: Wiring, shapes: Mapping[str, Shape], owners: Mapping[str, str]) -> None:
    """Checks that each `Reuse` computes as the node whose tensors it computes with.

    Args:
        wiring: The nodes.
        shapes: Their outputs'.
        owners: Of each node that holds a `Reuse` the node that has the tensors.

    Raises:
        UserError: One does not; the message names it.
    """
    for name, owner in owners.items():
        layer = wiring.layer(name)
        where = f"node {name!r} (Reuse)"
        if owner not in wiring:
            raise UserError(f"{where}: it computes with the tensors of {owner!r}, which is no node")
        own = wiring.layer(owner)
        if isinstance(own, Reuse):
            raise UserError(
                f"{where}: {owner!r} has no tensors of its own, but computes with those of {own.of!r}"
            )
        if not isinstance(layer, Reuse) or layer.layer != own:
            raise UserError(f"{where}: expected the layer of {owner!r}, {own!r}, got {layer!r}")
        wanted = _tensors(own, [shapes[source] for source in wiring.inputs(owner)])
        got = _tensors(own, [shapes[source] for source in wiring.inputs(name)])
        if not wanted:
            raise UserError(f"{where}: {owner!r} ({own.kind}) has no tensors to compute with")
        if got != wanted:
            raise UserError(f"{where}: expected to need the tensors of {owner!r}, {wanted}, but needs {got}")


def _tensors(layer: Layer, inputs: list[Shape]) -> dict[str, Shape]:
    return {**layer.parameters(inputs), **layer.buffers(inputs)}


def with_sharing(graph: nx.DiGraph, owners: Mapping[str, str]) -> nx.DiGraph:
    """The graph, and for nodes that share tensors one more from which an edge leads to each of them."""
    shared = [(owner, name) for name, owner in owners.items() if name in graph]
    if not shared:
        return graph
    found = nx.DiGraph(graph)
    for owner, name in shared:
        for user in (owner, name):
            if user in graph:
                found.add_edge(f"{HUB}{owner}", user, ports=(-1,))
    return found
