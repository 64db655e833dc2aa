"""Assembling motifs: from a genotype's levels to the convolutions, poolings and concatenations of one cell.

Liu et al. 2018, equations 2 and 3: node i is the concatenation of o_Gij(x_j) over all predecessors j that it
has an edge from. What the paper does not say is settled like this:

- A motif stands for its structure alone: each place where it is used has weights of its own.
- What does not lie on a way from the cell's input to its output is dropped. A node that nothing reaches does
  not exist, and a motif whose output nothing reaches is no edge where it is used.
- Where nothing reaches the output of the top motif, the cell hands on its input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

import networkx as nx

from .motif import Edge, Motif
from .operations import PARTS
from .space import HierarchicalSpace

INPUT = "input"
"""The name of what the cell reads."""

CONCAT = "concat"
"""The operation of a step that joins the channels of several."""

Levels = Sequence[Sequence[Motif]]
"""The motifs of each level from 2 up."""


@dataclass(frozen=True)
class Step:
    """One convolution, pooling or concatenation.

    Attributes:
        name: Its place: edges and motifs from the top down, what it is last. A mutation elsewhere leaves it
            alone, and no other step will ever have it.
        operation: Its kind.
        inputs: The steps that it reads.
        filters: Of a 1×1 convolution, as a multiple of the channels that the cell reads; else 0.
    """

    name: str
    operation: str
    inputs: tuple[str, ...]
    filters: int = 0


@dataclass
class Wiring:
    """A cell: its steps, each after those that it reads.

    Attributes:
        steps: In their order.
        widths: The channels that each of them gives, as a multiple of those that the cell reads.
        output: The step whose output is the cell's.
    """

    steps: list[Step] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=lambda: {INPUT: 1})
    output: str = INPUT

    def graph(self) -> nx.DiGraph:
        """The cell as a graph: input, steps and output.

        Node attribute ``label``; edge attribute ``count``, how often one node reads another. The order of a
        concatenation is left out, as whatever reads it can be reordered.
        """
        graph = nx.DiGraph()
        graph.add_node(INPUT, label=INPUT)
        for step in self.steps:
            graph.add_node(step.name, label=f"{step.operation}:{step.filters}")
            for source, count in Counter(step.inputs).items():
                graph.add_edge(source, step.name, count=count)
        graph.add_node("output", label="output")
        graph.add_edge(self.output, "output", count=1)
        return graph


def wire(levels: Levels, space: HierarchicalSpace) -> Wiring:
    """Assembles the top motif."""
    return _Wirer(levels, space).cell


def live_edges(levels: Levels, primitives: int) -> list[list[list[Edge]]]:
    """Of each motif of each level, the edges on a way from its input to its output."""
    works = [True] * primitives
    found = []
    for motifs in levels:
        found.append([motif.live_edges(works) for motif in motifs])
        works = [bool(edges) for edges in found[-1]]
    return found


class _Wirer:
    """Puts steps into a cell, motif by motif."""

    def __init__(self, levels: Levels, space: HierarchicalSpace) -> None:
        self.space = space
        self.edges = live_edges(levels, len(space.primitives))
        self.cell = Wiring()
        if self.edges[-1][0]:
            self.cell.output = self._motif(len(self.edges) + 1, 1, INPUT, "")

    def _motif(self, level: int, number: int, source: str, path: str) -> str:
        """A motif that reads `source`; returns the step that is its output."""
        values = {1: source}
        edges = self.edges[level - 2][number - 1]
        for node, before in groupby(edges, key=attrgetter("successor")):
            results = []
            for _, predecessor, operation in before:
                place = f"{path}edge{predecessor}to{node}."
                results.append(self._operation(level - 1, operation, values[predecessor], place))
            values[node] = self._joined(f"{path}node{node}", results)
        output = values[self.space.nodes[level - 2]]
        if not self.space.projects(level):
            return output
        filters = self.cell.widths[source] if self.space.projection == "motif" else 1
        return self._step(f"{path}project", "conv1x1", (output,), filters)

    def _operation(self, level: int, number: int, source: str, path: str) -> str:
        """An operation of a level on what `source` gives."""
        if level > 1:
            return self._motif(level, number, source, f"{path}motif{number}.")
        primitive = self.space.primitives[number - 1]
        for suffix, operation in PARTS[primitive]:
            filters = 1 if operation == "conv1x1" else 0
            source = self._step(f"{path}{primitive}{suffix}", operation, (source,), filters)
        return source

    def _joined(self, name: str, sources: list[str]) -> str:
        return sources[0] if len(sources) == 1 else self._step(name, CONCAT, tuple(sources))

    def _step(self, name: str, operation: str, inputs: tuple[str, ...], filters: int = 0) -> str:
        self.cell.steps.append(Step(name, operation, inputs, filters))
        self.cell.widths[name] = filters or sum(self.cell.widths[source] for source in inputs)
        return name
