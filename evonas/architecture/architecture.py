"""Architecture: the one phenotype, a directed acyclic graph of named layers.

Every genome decodes to it, so cost, drawing, building, inheritance and export are written once.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from .canonical import canonical_hash
from .layers import Layer, Shape, ShapeError, computed
from .sharing import check_sharing, with_sharing
from .wiring import LARGEST, Wiring

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.export import ExportedProgram

FORMAT = 1


class Architecture(Wiring):
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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Architecture) and self._described() == other._described()

    def __hash__(self) -> int:
        raise TypeError("an Architecture can change: use key() where its structure counts")

    def __repr__(self) -> str:
        return f"<Architecture of {len(self)} nodes, output {self._output!r}>"

    def _described(self) -> tuple[str | None, dict[str, tuple[Layer, tuple[str, ...]]]]:
        return self._output, {name: (self.layer(name), self.inputs(name)) for name in self._graph}

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
        known = self._shapes
        waiting = [] if name in known else [(name, self.inputs(name))]
        while waiting:
            node, sources = waiting[-1]
            missing = [(source, self.inputs(source)) for source in sources if source not in known]
            if missing:
                waiting.extend(missing)
                continue
            try:
                known[node] = self.layer(node).shape([known[source] for source in sources])
            except ShapeError as error:
                raise ShapeError(f"node {node!r}: {error}") from None
            waiting.pop()
        return known[name]

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
            UserError: There is not one input, a node does not lead to the output, shapes disagree, or a
                `Reuse` does not fit the node whose tensors it computes with.
        """
        alive = self._alive() | {self.input}
        for name in self._graph:
            if name not in alive:
                raise UserError(
                    f"node {name!r} ({self.layer(name).kind}): no path leads from it to the output"
                )
        check_sharing(self, self.shapes(), self._owners)

    def key(self) -> str:
        """A canonical hash: equal exactly for architectures that differ in nothing but names.

        Dead parts do not count. Of nodes that compute with the same tensors it does not count which has them.
        """
        graph = with_sharing(self._graph.subgraph(self._alive()), self._owners)

        def label(name: str) -> str:
            if name not in self:
                return "shared"
            return f"{computed(self.layer(name))!r}{'!' if name == self.output else ''}"

        def edge(source: str, target: str) -> tuple[int, ...]:
            ports: tuple[int, ...] = graph.edges[source, target]["ports"]
            return (len(ports),) if self.layer(target).commutative else ports

        return canonical_hash(graph, label, edge)

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
            raise UserError(f"architecture: expected at most {LARGEST:,} nodes, got {len(data['nodes']):,}")
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

    @classmethod
    def from_module(
        cls, model: nn.Module | ExportedProgram, example: torch.Tensor | None = None
    ) -> tuple[Architecture, dict[str, torch.Tensor]]:
        """Traces a PyTorch model, which becomes an architecture and its weights.

        What is built of them gives the same logits in evaluation mode, which is checked on the example. The
        weights have the model's precision, and names that follow the paths of its modules.

        Args:
            model: Maps a batch of images to logits; or a program of `torch.export` (see
                `evonas.importing.read_program`). It stays as it is.
            example: A batch ``(n, channels, height, width)`` as the model reads it; programs bring their own.

        Returns:
            The architecture, and tensors by ``node.tensor`` for `evonas.network.build`.

        Raises:
            UserError: A part of the model cannot be represented, which the message names.
        """
        from ..network.importing import from_module

        return from_module(model, example)

    def draw(self, path: str | Path) -> Path:
        """Draws the architecture as SVG, repeated and linear parts folded.

        Returns:
            The path.
        """
        from ..drawing import draw_architecture

        return draw_architecture(self, Path(path))
