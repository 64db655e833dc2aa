"""From an architecture to boxes with words on them."""

from __future__ import annotations

import math
from collections import Counter

import networkx as nx

from ..architecture import Architecture
from ..architecture.layers import Add, Input
from ..errors import UserError
from . import text
from .folding import is_chain, label_of
from .grouping import Group, gather, quotient
from .palette import Kind, kind_of
from .picture import Box, Link, Panel

MOST_NAMED = 12
"""Nodes that the hover text of a group lists."""


def architecture_panel(architecture: Architecture) -> Panel:
    """The architecture as boxes and links, and a box for its output.

    Raises:
        UserError: It has no node or no output, or shapes disagree.
    """
    if not len(architecture):
        raise UserError("draw architecture: expected at least one node, got none")
    writer = Describer(architecture)
    groups = gather(architecture)
    boxes = [writer.box(group) for group in groups]
    place = {name: index for index, group in enumerate(groups) for name in group.nodes}
    between = quotient(architecture, architecture, place.__getitem__)
    shortest = nx.transitive_reduction(nx.DiGraph(list(between)))
    links = [writer.link(*ends, pairs, skip=not shortest.has_edge(*ends)) for ends, pairs in between.items()]
    output = architecture.output
    shape = text.size(architecture.shape(output))
    links.append(Link(place[output], len(boxes), 1, f"{output} → output\n{shape}"))
    boxes.append(Box("output", (shape,), Kind.TERMINAL, f"output of {output}\n{shape}"))
    grouped = any(box.kind is Kind.GROUP for box in boxes)
    note = "some boxes stand for several layers: rest the mouse on one to see them" if grouped else ""
    return Panel(writer.heading(), note, boxes, links)


class Describer:
    """Knows what every node costs, and finds words for groups of them."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.shapes = architecture.shapes()
        self.parameters: dict[str, int] = {}
        for name in architecture:
            tensors = architecture.layer(name).parameters(architecture.input_shapes(name))
            self.parameters[name] = sum(math.prod(shape) for shape in tensors.values())

    def heading(self) -> str:
        layers = sum(not isinstance(self.architecture.layer(name), Input) for name in self.architecture)
        parameters = text.count(sum(self.parameters.values()))
        flops = text.count(self.architecture.flops())
        return f"{text.plural(layers, 'layer')} · {parameters} parameters · {flops} FLOPs per image"

    def box(self, group: Group) -> Box:
        if group.repeats == 1 and is_chain(self.architecture, group.nodes):
            return self._chain(group.nodes)
        return self._group(group)

    def _chain(self, nodes: tuple[str, ...]) -> Box:
        layers = [self.architecture.layer(name) for name in nodes]
        hover = "\n".join(self._described(name) for name in nodes)
        if layers == [Add()]:
            return Box("+", (), Kind.MERGING, hover, circle=True)
        label = label_of(layers)
        lines = [label.steps] if label.steps else []
        lines = [text.line(line) for line in [*lines, self._facts(nodes)]]
        return Box(text.line(label.title), tuple(lines), label.kind, hover)

    def _group(self, group: Group) -> Box:
        kinds = Counter(kind_of(self.architecture.layer(name)) for name in group.nodes)
        each = text.plural((len(group.nodes) - kinds[Kind.TERMINAL]) // group.repeats, "layer")
        parameters = sum(self.parameters[name] for name in group.nodes)
        cost = f"{text.count(parameters)} params" if parameters else ""
        size = text.size(self.shapes[self._result(group.nodes)])
        if group.repeats > 1:
            lines = [f"{group.repeats} alike, each {each}", f"{size} · {cost} in all" if cost else size]
        else:
            lines = [each, f"{size} · {cost}" if cost else size]
        hover = [group.name, *lines]
        hover += [self._described(name) for name in group.nodes[:MOST_NAMED]]
        if len(group.nodes) > MOST_NAMED:
            hover.append(f"… and {len(group.nodes) - MOST_NAMED} more")
        strip = tuple((kind, kinds[kind]) for kind in Kind if kinds[kind])
        title = group.name if len(group.name) <= text.LONGEST else _shortened(group.name)
        return Box(title, tuple(lines), Kind.GROUP, "\n".join(hover), strip=strip, stack=group.repeats > 1)

    def _result(self, nodes: tuple[str, ...]) -> str:
        """The last of the nodes that others read."""
        inside = set(nodes)
        read = [name for name in nodes if not inside.issuperset(self.architecture.readers(name))]
        return read[-1] if read else nodes[-1]

    def _facts(self, nodes: tuple[str, ...]) -> str:
        """Output size, and the parameters if there are any."""
        parameters = sum(self.parameters[name] for name in nodes)
        size = text.size(self.shapes[nodes[-1]])
        noun = "param" if parameters == 1 else "params"
        return f"{size} · {text.count(parameters)} {noun}" if parameters else size

    def _described(self, name: str) -> str:
        size, parameters = text.size(self.shapes[name]), self.parameters[name]
        cost = f", {text.plural(parameters, 'parameter')}" if parameters else ""
        return f"{name}: {self.architecture.layer(name)!r} → {size}{cost}"

    def link(self, source: int, target: int, pairs: list[tuple[str, str]], *, skip: bool) -> Link:
        """A link that counts the tensors it carries, and one as often as one node reads it."""
        count: dict[str, int] = {}
        for read, reader in pairs:
            times = self.architecture.inputs(reader).count(read)
            count[read] = max(count.get(read, 0), times)
        lines = [f"{read} → {reader}" for read, reader in pairs[:MOST_NAMED]]
        sizes = ", ".join(dict.fromkeys(text.size(self.shapes[read]) for read in count))
        return Link(source, target, sum(count.values()), "\n".join([*lines, sizes]), skip)


def _shortened(name: str) -> str:
    """A long name, its end kept: that is where names differ."""
    return "…" + name[1 - text.LONGEST :]
