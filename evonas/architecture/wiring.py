"""Wiring: named nodes, what each reads, and how that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import networkx as nx

from ..errors import UserError
from .layers import Input, Layer, Reuse, Shape
from .names import check_name, prefixes

LARGEST = 20_000
"""Nodes of a graph. What would have more, such as a genotype of a billion, is refused as it grows."""

MOST_INPUTS = 1000
"""Inputs of a node."""


class Wiring:
    """A directed acyclic graph of named nodes, each holding a `Layer`: what an `Architecture` is built on.

    Positions of inputs are kept on the edges (networkx inside).
    """

    def __init__(self) -> None:
        self._graph = nx.DiGraph()
        self._below: set[str] = set()  # the proper prefixes of all names
        self._output: str | None = None
        self._shapes: dict[str, Shape] = {}  # of the nodes that were asked for
        self._owners: dict[str, str] = {}  # of each `Reuse` the node whose tensors it computes with

    # -- building -------------------------------------------------------------------------------

    def add(self, name: str, layer: Layer, *inputs: str) -> str:
        """Adds a node that reads `inputs`, in that order, and makes it the output.

        Returns:
            The name, for the next call.

        Raises:
            UserError: The name cannot be used, or an input is missing or too many.
        """
        check_name(name)
        if len(self._graph) >= LARGEST:
            raise UserError(f"architecture: expected at most {LARGEST:,} nodes, got more")
        above = prefixes(name)
        clash = name if name in self._graph or name in self._below else None
        if not clash and not self._below.issuperset(above):  # what a name begins with is no node's name
            clash = next((prefix for prefix in above if prefix in self._graph), None)
        if clash:
            raise UserError(f"node name {name!r}: {clash!r} is used already, and no name may begin another")
        ports = self._ports(name, layer, inputs)
        self._hold(name, layer)
        for source, positions in ports.items():
            self._graph.add_edge(source, name, ports=positions)
        self._below.update(above)
        self._output = name
        return name

    def _hold(self, name: str, layer: Layer) -> None:
        """Notes which layer a node holds."""
        self._graph.add_node(name, layer=layer)
        self._owners.pop(name, None)
        if isinstance(layer, Reuse):
            self._owners[name] = layer.of

    def _ports(self, name: str, layer: Layer, inputs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """For each node that is read, at which positions."""
        if len(inputs) > MOST_INPUTS:
            raise UserError(
                f"node {name!r} ({layer.kind}): expected at most {MOST_INPUTS} inputs, got {len(inputs)}"
            )
        _check_arity(name, layer, inputs)
        ports: dict[str, tuple[int, ...]] = {}
        for position, source in enumerate(inputs):
            if source not in self._graph or source == name:
                raise UserError(f"node {name!r} ({layer.kind}): its input {source!r} is not a node before it")
            ports[source] = (*ports.get(source, ()), position)
        return ports

    def replace(self, name: str, layer: Layer) -> None:
        """Puts another layer into a node; its inputs and readers stay.

        Nodes that compute with its tensors (`Reuse`) follow: they compute what the new layer does.

        Raises:
            UserError: There is no such node, or the layer takes another number of inputs.
        """
        _check_arity(name, layer, self.inputs(name))
        follow = {reuse: Reuse(name, layer) for reuse in self.reuses(name) if reuse != name}
        self._hold(name, layer)
        for reuse, again in follow.items():
            self._hold(reuse, again)
        self._shapes = {}

    def rewire(self, name: str, *inputs: str) -> None:
        """Lets a node read other inputs.

        Raises:
            UserError: As `add`, or the new inputs would close a cycle.
        """
        before = self.inputs(name)
        for source in inputs:
            if source in self._graph and nx.has_path(self._graph, name, source):
                raise UserError(f"node {name!r}: reading {source!r} would close a cycle")
        ports = self._ports(name, self.layer(name), inputs)
        self._graph.remove_edges_from([(source, name) for source in set(before)])
        for source, positions in ports.items():
            self._graph.add_edge(source, name, ports=positions)
        self._shapes = {}

    def remove(self, name: str) -> None:
        """Removes a node that nobody reads.

        Raises:
            UserError: A node reads it, or computes with its tensors.
        """
        self.layer(name)
        if readers := self.readers(name):
            raise UserError(f"node {name!r} cannot be removed: {readers[0]!r} reads it")
        if reuses := self.reuses(name):
            raise UserError(f"node {name!r} cannot be removed: {reuses[0]!r} computes with its tensors")
        self._graph.remove_node(name)
        self._owners.pop(name, None)
        self._below = {prefix for node in self._graph for prefix in prefixes(node)}
        if self._output == name:
            self._output = None
        self._shapes.pop(name, None)

    def prune(self) -> None:
        """Removes every node from which no path leads to the output; the input stays.

        Raises:
            UserError: One that stays computes with the tensors of one that would go.
        """
        output, readers = self.output, self._graph.successors
        if all(name == output or next(readers(name), None) is not None for name in self._graph):
            return  # were anything dead, some of it would have no reader
        keep = self._alive() | {self.input}
        dead = [name for name in self._graph if name not in keep]
        if dead:
            for reuse, owner in self._owners.items():
                if owner not in keep and reuse in keep:
                    raise UserError(
                        f"node {owner!r} cannot be removed: {reuse!r} stays, and computes with its tensors"
                    )
            self._graph.remove_nodes_from(dead)
            self._owners = {reuse: owner for reuse, owner in self._owners.items() if reuse in keep}
            self._below = {prefix for node in self._graph for prefix in prefixes(node)}
            for name in dead:  # nobody who stays reads them
                self._shapes.pop(name, None)

    def copy(self) -> Self:
        """A copy that shares only the (frozen) layers."""
        other = type(self)()
        other._graph = self._graph.copy()
        other._below = set(self._below)
        other._output = self._output
        other._shapes = dict(self._shapes)
        other._owners = dict(self._owners)
        return other

    # -- reading --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._graph)

    def __iter__(self) -> Iterator[str]:
        """The names, each after those it reads."""
        return iter(nx.topological_sort(self._graph))

    def __contains__(self, name: object) -> bool:
        return name in self._graph

    def layer(self, name: str) -> Layer:
        """The layer that a node holds.

        Raises:
            UserError: There is no such node.
        """
        try:
            layer: Layer = self._graph.nodes[name]["layer"]
        except KeyError:
            raise UserError(f"node {name!r}: not in this architecture") from None
        return layer

    def inputs(self, name: str) -> tuple[str, ...]:
        """The nodes that a node reads, by position.

        Raises:
            UserError: There is no such node.
        """
        try:
            sources = tuple(self._graph.predecessors(name))
        except nx.NetworkXError:
            raise UserError(f"node {name!r}: not in this architecture") from None
        edge = self._graph.get_edge_data
        if len(sources) == 1 and len(edge(sources[0], name)["ports"]) == 1:
            return sources
        slots = [(port, source) for source in sources for port in edge(source, name)["ports"]]
        return tuple(source for _, source in sorted(slots))

    def readers(self, name: str) -> tuple[str, ...]:
        """The nodes that read a node.

        Raises:
            UserError: There is no such node.
        """
        self.layer(name)
        return tuple(self._graph.successors(name))

    def owner(self, name: str) -> str:
        """The node with whose tensors a node computes: itself, unless its layer is a `Reuse`."""
        return self._owners.get(name, name)

    def reuses(self, name: str) -> tuple[str, ...]:
        """The other nodes that compute with a node's own tensors, each by a `Reuse`."""
        return tuple(reuse for reuse, owner in self._owners.items() if owner == name)

    def _alive(self) -> set[str]:
        """The output, and every node from which a path leads to it."""
        alive, waiting = {self.output}, [self.output]
        while waiting:
            found = [source for source in self._graph.predecessors(waiting.pop()) if source not in alive]
            alive.update(found)
            waiting += found
        return alive

    @property
    def input(self) -> str:
        """The name of the one input node.

        Raises:
            UserError: There is none, or more than one.
        """
        found: list[str] = [name for name, layer in self._graph.nodes("layer") if isinstance(layer, Input)]
        if len(found) != 1:
            raise UserError(f"architecture: expected one Input node, got {len(found)}")
        return found[0]

    @property
    def output(self) -> str:
        """The name of the output node; set it to choose another.

        Raises:
            UserError: The architecture is empty, or its output was removed.
        """
        if self._output is None:
            raise UserError("architecture: no output node is set")
        return self._output

    @output.setter
    def output(self, name: str) -> None:
        self.layer(name)
        self._output = name

    @property
    def graph(self) -> nx.DiGraph:
        """A read-only view: node attribute ``layer``, edge attribute ``ports``."""
        return nx.graphviews.generic_graph_view(self._graph)


def _check_arity(name: str, layer: Layer, inputs: Sequence[str]) -> None:
    if len(inputs) != layer.arity if layer.arity is not None else not inputs:
        wanted = "at least one input" if layer.arity is None else f"{layer.arity} input(s)"
        raise UserError(f"node {name!r} ({layer.kind}): expected {wanted}, got {len(inputs)}")
