"""A parent's cells and its child's, one above the other in the same places, with what is another marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import networkx as nx

from .palette import Mark
from .picture import Panel, cell_panel

Cells = Mapping[str, nx.DiGraph]


def compared_panels(parent: Cells, child: Cells) -> list[Panel]:
    """Before and after of each cell that has changed; of all, where none has.

    Nodes are compared by their names in the graphs, edges by their ends.

    Raises:
        UserError: A cell cannot be drawn.
    """
    names = list(dict.fromkeys((*parent, *child)))
    both = parent.keys() & child.keys()
    changed = [name for name in names if name not in both or _differ(parent[name], child[name])]
    panels = []
    for name in changed or names:
        old, new = parent.get(name), child.get(name)
        if old is not None:
            panels.append(_panel(name, old, new, Mark.GONE, "before"))
        if new is not None:
            panels.append(_panel(name, new, old, Mark.NEW, "after"))
    return panels


def _panel(name: str, cell: nx.DiGraph, other: nx.DiGraph | None, missing: Mark, when: str) -> Panel:
    panel = cell_panel(name, cell)
    other = nx.DiGraph() if other is None else other
    nodes = list(cell)
    boxes = [
        replace(box, mark=_of_node(node, cell, other, missing))
        for node, box in zip(nodes, panel.boxes, strict=True)
    ]
    links = [
        replace(link, mark=_of_edge((nodes[link.source], nodes[link.target]), cell, other, missing))
        for link in panel.links
    ]
    old = dict(enumerate(other.graph.get("bits", ())))
    bits = tuple(
        bit if number not in old or old[number][0] == bit.value else replace(bit, mark=Mark.CHANGED)
        for number, bit in enumerate(panel.bits)
    )
    return Panel(f"{panel.heading}, {when}", panel.note, boxes, links, bits)


def _of_node(node: object, cell: nx.DiGraph, other: nx.DiGraph, missing: Mark) -> Mark:
    if node not in other:
        return missing
    return Mark.SAME if cell.nodes[node].get("label") == other.nodes[node].get("label") else Mark.CHANGED


def _of_edge(edge: tuple[object, object], cell: nx.DiGraph, other: nx.DiGraph, missing: Mark) -> Mark:
    if not other.has_edge(*edge):
        return missing
    return (
        Mark.SAME if cell.edges[edge].get("count", 1) == other.edges[edge].get("count", 1) else Mark.CHANGED
    )


def _differ(one: nx.DiGraph, other: nx.DiGraph) -> bool:
    labels = [dict(graph.nodes(data="label")) for graph in (one, other)]
    counts = [{(a, b): count or 1 for a, b, count in graph.edges(data="count")} for graph in (one, other)]
    return (
        labels[0] != labels[1] or counts[0] != counts[1] or one.graph.get("bits") != other.graph.get("bits")
    )
