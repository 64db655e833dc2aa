"""What is drawn, before it has a place: boxes and the links between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import networkx as nx

from ..errors import UserError
from . import text
from .palette import Kind, Mark, kind_of_operation

TITLE, BODY = 13.0, 11.0
"""Font sizes in pixels: of a box's first line and of the others."""
LEADING = {TITLE: 18.0, BODY: 15.0}
PADDING_X, PADDING_Y = 14.0, 8.0
STRIP = 6.0
"""Height of the coloured strip on a box that stands for several layers."""
CIRCLE = 30.0


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        title: First line.
        lines: The lines below.
        kind: Gives the colour.
        hover: Text for when the mouse rests on the box.
        circle: Drawn as a circle that holds the title alone.
        strip: For a box of several layers: how many of each kind, shown as a strip of colours.
        stack: Whether it is drawn as a stack of cards: it stands for several alike.
        mark: What became of it, where two networks are compared; then it gives the colour.
    """

    title: str
    lines: tuple[str, ...]
    kind: Kind
    hover: str
    circle: bool = False
    strip: tuple[tuple[Kind, int], ...] = ()
    stack: bool = False
    mark: Mark | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        if self.circle:
            return CIRCLE, CIRCLE
        widths = [text.width(self.title, TITLE, bold=True), *(text.width(line, BODY) for line in self.lines)]
        height = LEADING[TITLE] + LEADING[BODY] * len(self.lines) + 2 * PADDING_Y
        return max(64.0, max(widths) + 2 * PADDING_X), height + (STRIP if self.strip else 0.0)


@dataclass(frozen=True)
class Link:
    """One box reads another.

    Attributes:
        source: Index of the box that is read.
        target: Index of the box that reads.
        count: How many times it does.
        hover: Text for when the mouse rests on the line.
        skip: Whether there is also a longer way between the two: a skip connection.
        mark: As of a box.
    """

    source: int
    target: int
    count: int
    hover: str
    skip: bool = False
    mark: Mark | None = None


@dataclass(frozen=True)
class Bit:
    """One letter of a code, and what it decides.

    Attributes:
        value: The letter.
        meaning: In a few characters.
        on: Whether it switches something on.
        mark: Of one that is another than in the picture beside it.
    """

    value: str
    meaning: str
    on: bool
    mark: Mark | None = None


@dataclass(frozen=True)
class Panel:
    """A graph with a heading; a picture is one or more of them side by side.

    Attributes:
        heading: Above all.
        note: A line below the heading.
        boxes: The nodes.
        links: The edges.
        bits: The code that the graph stands for, between heading and graph.
    """

    heading: str
    note: str = ""
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    bits: tuple[Bit, ...] = ()


def cell_panel(name: str, cell: nx.DiGraph) -> Panel:
    """A small graph with labelled nodes, such as a cell, as it is.

    The graph's own attributes may hold a ``title`` to show instead of its name, and ``bits``: pairs of a
    letter and what it decides, of the code that it was read from.

    Raises:
        UserError: It has no node, or a cycle.
    """
    if not len(cell):
        raise UserError(f"draw cells: expected at least one node in {name!r}, got none")
    if not nx.is_directed_acyclic_graph(cell):
        raise UserError(f"draw cells: expected no cycle, got one in {name!r}")
    bits = tuple(Bit(value, meaning, value == "1") for value, meaning in cell.graph.get("bits", ()))
    panel = Panel(heading=str(cell.graph.get("title", name)), bits=bits)
    places = {node: index for index, node in enumerate(cell)}
    for node, attributes in cell.nodes(data=True):
        label = str(attributes.get("label", node))
        panel.boxes.append(_operation_box(label))
    for source, target, attributes in cell.edges(data=True):
        names = [panel.boxes[places[end]].hover for end in (source, target)]
        link = Link(places[source], places[target], int(attributes.get("count", 1)), " → ".join(names))
        panel.links.append(link)
    return panel


def _operation_box(label: str) -> Box:
    if label in ("add", "+"):
        return Box("+", (), Kind.MERGING, label, circle=True)
    return Box(text.line(text.operation(label)), (), kind_of_operation(label), label)


def legend(panels: list[Panel]) -> list[Kind | Mark]:
    """The kinds that the panels show, in the order of `Kind`; of marked panels the marks."""
    boxes = [box for panel in panels for box in panel.boxes]
    links = [link for panel in panels for link in panel.links]
    marks = {box.mark for box in boxes} | {link.mark for link in links}
    if marks - {None}:
        return [mark for mark in Mark if mark in marks]
    shown = {box.kind for box in boxes} | {kind for box in boxes for kind, _ in box.strip}
    return [kind for kind in Kind if kind in shown]
