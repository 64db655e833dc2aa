"""Architecture: the one phenotype, a directed acyclic graph of named layers.

Every genome decodes to it, so cost, drawing, building, inheritance and export are written once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import networkx as nx

from .canonical import canonical_hash
from .errors import UserError
from .layers import Input, Layer, Shape, ShapeError
from .names import check_name, prefixes

FORMAT = 1
LARGEST = 100_000
"""The most nodes that are read from a file."""


class Architecture:
    """A directed acyclic graph of named nodes, each holding a `Layer`, from one input to one output.

    Nodes are added in the order of their inputs; the last one added is the output unless `output`
    is set. An input may be read twice (``Add(x, x)``): positions are kept on the edges.

    >>> from evonas.layers import Conv2d, GlobalAvgPool, Input, Linear, ReLU
    >>> net = Architecture()
    >>> x = net.add("image", Input((3, 32, 32)))
    >>> x = net.add("stem.conv", Conv2d(16, bias=True), x)
    >>> x = net.add("stem.relu", ReLU(), x)
    >>> x = net.add("pool", GlobalAvgPool(), x)
    >>> x = net.add("head", Linear(10), x)
    >>> net.shapes()["stem.relu"], net.parameter_count(), net.flops()
    ((16, 32, 32), 618, 885056)
    """

    def __init__(self) -> None:
        self._graph = nx.DiGraph()
        self._below: set[str] = set()  # the proper prefixes of all names
        self._output: str | None = None
        self._shapes: dict[str, Shape] = {}  # of the nodes that were asked for

    # -- building -------------------------------------------------------------------------------

    def add(self, name: str, layer: Layer, *inputs: str) -> str:
        """Adds a node that reads `inputs`, in that order, and makes it the output.

        Returns:
            The name, for the next call.

        Raises:
            UserError: The name cannot be used, or an input is missing or too many.
        """
        check_name(name)
        above = prefixes(name)
        clash = name if name in self._graph or name in self._below else None
        clash = clash or next((prefix for prefix in above if prefix in self._graph), None)
        if clash:
            raise UserError(f"node name {name!r}: {clash!r} is used already, and no name may begin another")
        self._graph.add_node(name, layer=layer)
        try:
            self._connect(name, inputs)
        except UserError:
            self._graph.remove_node(name)
            raise
        self._below.update(above)
        self._output = name
        return name

    def _connect(self, name: str, inputs: Sequence[str]) -> None:
        layer = self.layer(name)
        _check_arity(name, layer, inputs)
        ports: dict[str, list[int]] = {}
        for position, source in enumerate(inputs):
            if source not in self._graph or source == name:
                raise UserError(f"node {name!r} ({layer.kind}): its input {source!r} is not a node before it")
            ports.setdefault(source, []).append(position)
        for source, positions in ports.items():
            self._graph.add_edge(source, name, ports=tuple(positions))

    def replace(self, name: str, layer: Layer) -> None:
        """Puts another layer into a node; its inputs and readers stay.

        Raises:
            UserError: There is no such node, or the layer takes another number of inputs.
        """
        _check_arity(name, layer, self.inputs(name))
        self._graph.nodes[name]["layer"] = layer
        self._shapes = {}

    def rewire(self, name: str, *inputs: str) -> None:
        """Lets a node read other inputs.

        Raises:
            UserError: As `add`, or the new inputs would close a cycle.
        """
        before = self.inputs(name)
        self._graph.remove_edges_from([(source, name) for source in set(before)])
        try:
            for source in inputs:
                if source in self._graph and nx.has_path(self._graph, name, source):
                    raise UserError(f"node {name!r}: reading {source!r} would close a cycle")
            self._connect(name, inputs)
        except UserError:
            self._connect(name, before)
            raise
        finally:
            self._shapes = {}

    def remove(self, name: str) -> None:
        """Removes a node that nobody reads.

        Raises:
            UserError: A node reads it.
        """
        self.layer(name)
        if readers := self.readers(name):
            raise UserError(f"node {name!r} cannot be removed: {readers[0]!r} reads it")
        self._graph.remove_node(name)
        self._below = {prefix for node in self._graph for prefix in prefixes(node)}
        if self._output == name:
            self._output = None
        self._shapes.pop(name, None)

    def prune(self) -> None:
        """Removes every node from which no path leads to the output; the input stays."""
        keep = nx.ancestors(self._graph, self.output) | {self.output, self.input}
        self._graph.remove_nodes_from([name for name in self._graph if name not in keep])
        self._below = {prefix for node in self._graph for prefix in prefixes(node)}
        self._shapes = {}

    def unsteered(self) -> Architecture:
        """A copy without the layers that only a trainer steers."""
        other = self.copy()
        for name in [name for name in self if self.layer(name).steered]:
            (source,) = other.inputs(name)
            for reader in other.readers(name):
                other.rewire(reader, *(source if read == name else read for read in other.inputs(reader)))
            if other.output == name:
                other.output = source
            other.remove(name)
        return other

    def copy(self) -> Architecture:
        """A copy that shares only the (frozen) layers."""
        other = Architecture()
        other._graph = self._graph.copy()
        other._below = set(self._below)
        other._output = self._output
        other._shapes = dict(self._shapes)
        return other

    # -- reading --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._graph)

    def __iter__(self) -> Iterator[str]:
        """The names, each after those it reads."""
        return iter(nx.topological_sort(self._graph))

    def __contains__(self, name: object) -> bool:
        return name in self._graph

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Architecture) and self._described() == other._described()

    def __hash__(self) -> int:
        raise TypeError("an Architecture can change: use key() where its structure counts")

    def __repr__(self) -> str:
        return f"<Architecture of {len(self)} nodes, output {self._output!r}>"

    def _described(self) -> tuple[str | None, dict[str, tuple[Layer, tuple[str, ...]]]]:
        return self._output, {name: (self.layer(name), self.inputs(name)) for name in self._graph}

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
        self.layer(name)
        slots = [(port, source) for source, edge in self._graph.pred[name].items() for port in edge["ports"]]
        return tuple(source for _, source in sorted(slots))

    def readers(self, name: str) -> tuple[str, ...]:
        """The nodes that read a node.

        Raises:
            UserError: There is no such node.
        """
        self.layer(name)
        return tuple(self._graph.succ[name])

    @property
    def input(self) -> str:
        """The name of the one input node.

        Raises:
            UserError: There is none, or more than one.
        """
        found: list[str] = [name for name in self._graph if isinstance(self.layer(name), Input)]
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

    # -- shapes and cost ------------------------------------------------------------------------

    def shapes(self) -> dict[str, Shape]:
        """The output's shape of every node, without the batch.

        Raises:
            UserError: A layer cannot read its inputs; the message names the node.
        """
        for name in self._graph:
            if name not in self._shapes:
                self.shape(name)
        return dict(self._shapes)

    def shape(self, name: str) -> Shape:
        """One node's output shape, without the batch.

        Raises:
            UserError: A layer cannot read its inputs; the message names the node.
        """
        waiting = [name]
        while waiting:
            node = waiting[-1]
            sources = self.inputs(node)
            missing = [source for source in sources if source not in self._shapes]
            if missing:
                waiting.extend(missing)
                continue
            layer = self.layer(node)
            try:
                self._shapes[node] = layer.shape([self._shapes[source] for source in sources])
            except ShapeError as error:
                raise ShapeError(f"node {node!r}: {error}") from None
            waiting.pop()
        return self._shapes[name]

    def input_shapes(self, name: str) -> list[Shape]:
        """The shapes that a node reads."""
        return [self.shape(source) for source in self.inputs(name)]

    def parameters(self) -> dict[str, Shape]:
        """Every trained tensor's shape, under ``node.parameter``."""
        return {
            f"{name}.{key}": shape
            for name in self
            for key, shape in self.layer(name).parameters(self.input_shapes(name)).items()
        }

    def buffers(self) -> dict[str, Shape]:
        """Every tensor's shape that travels with the weights untrained, under ``node.buffer``."""
        return {
            f"{name}.{key}": shape
            for name in self
            for key, shape in self.layer(name).buffers(self.input_shapes(name)).items()
        }

    def parameter_count(self) -> int:
        """The number of trained numbers."""
        return sum(math.prod(shape) for shape in self.parameters().values())

    def flops(self) -> int:
        """Floating-point operations for one image, in PyTorch's convention (see `Layer.flops`)."""
        return sum(self.layer(name).flops(self.input_shapes(name)) for name in self)

    def validate(self) -> None:
        """Checks the whole graph.

        Raises:
            UserError: There is not one input, a node does not lead to the output, or shapes disagree.
        """
        alive = nx.ancestors(self._graph, self.output) | {self.output, self.input}
        for name in self._graph:
            if name not in alive:
                raise UserError(
                    f"node {name!r} ({self.layer(name).kind}): no path leads from it to the output"
                )
        self.shapes()

    def key(self) -> str:
        """A canonical hash: equal exactly for architectures that differ in nothing but names.

        Dead parts do not count.
        """
        alive = nx.ancestors(self._graph, self.output) | {self.output}

        def label(name: str) -> str:
            return f"{self.layer(name)!r}{'!' if name == self.output else ''}"

        def edge(source: str, target: str) -> tuple[int, ...]:
            ports: tuple[int, ...] = self._graph.edges[source, target]["ports"]
            return (len(ports),) if self.layer(target).commutative else ports

        return canonical_hash(self._graph.subgraph(alive), label, edge)

    # -- elsewhere ------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON: the nodes, each after those it reads."""
        nodes = [
            {"name": name, "layer": self.layer(name).to_dict(), "inputs": list(self.inputs(name))}
            for name in self
        ]
        return {"format": FORMAT, "nodes": nodes, "output": self.output}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Architecture:
        """The reverse of `to_dict`.

        Raises:
            UserError: It is no such form, of a newer format, too large, or an invalid graph.
        """
        if not isinstance(data, dict) or not isinstance(data.get("nodes"), list):
            raise UserError(f"architecture: expected an object with a list of 'nodes', got {data!r:.80}")
        if data.get("format") != FORMAT:
            raise UserError(f"architecture format: this version reads {FORMAT}, got {data.get('format')!r}")
        if len(data["nodes"]) > LARGEST:
            raise UserError(f"architecture: expected at most {LARGEST} nodes, got {len(data['nodes'])}")
        net = cls()
        for node in data["nodes"]:
            if not isinstance(node, dict) or {"name", "layer", "inputs"} - set(node):
                raise UserError(f"architecture node: expected name, layer and inputs, got {node!r:.80}")
            if not isinstance(node["inputs"], list):
                raise UserError(
                    f"node {node['name']!r}: expected a list of inputs, got {node['inputs']!r:.80}"
                )
            net.add(node["name"], Layer.from_dict(node["layer"]), *node["inputs"])
        output = data.get("output")
        if not isinstance(output, str):
            raise UserError(f"architecture output: expected a node's name, got {output!r:.80}")
        net.output = output
        net.validate()
        return net

    def draw(self, path: str | Path) -> Path:
        """Draws the architecture as SVG, repeated and linear parts folded.

        Returns:
            The path.
        """
        from .drawing import draw_architecture

        return draw_architecture(self, Path(path))


def _check_arity(name: str, layer: Layer, inputs: Sequence[str]) -> None:
    if len(inputs) != layer.arity if layer.arity is not None else not inputs:
        wanted = "at least one input" if layer.arity is None else f"{layer.arity} input(s)"
        raise UserError(f"node {name!r} ({layer.kind}): expected {wanted}, got {len(inputs)}")
