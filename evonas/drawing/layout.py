"""Ranks, and the order within a rank: Sugiyama's method, by fast-sugiyama.

The library gives every box the same size. So its coordinates are not used, only what they say of
ranks and order; `coordinates` makes places from them, with the real sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

from fast_sugiyama import from_edges

Edge = tuple[int, int]

_SPACING = 10.0


@dataclass(frozen=True)
class Layers:
    """A graph cut into ranks, so that every edge leads from a rank to the next.

    Attributes:
        ranks: From top to bottom, the vertices of each from left to right. Vertices below the number
            of boxes are boxes, the others are lanes: places where an edge passes a rank.
        lanes: The lane of (box, rank). All edges out of a box share its lanes, as they carry the
            same tensor; so a dense network stays narrow.
        rank: The rank of each box.
    """

    ranks: list[list[int]]
    lanes: dict[Edge, int]
    rank: list[int]

    def route(self, source: int, target: int) -> list[int]:
        """The vertices that an edge visits, one a rank."""
        between = range(self.rank[source] + 1, self.rank[target])
        return [source, *(self.lanes[source, rank] for rank in between), target]


def layers_of(boxes: int, edges: list[Edge]) -> Layers:
    """Cuts an acyclic graph into ranks and orders each so that few edges cross.

    Args:
        boxes: The number of boxes; they are 0, 1, ...
        edges: Pairs of them, from top to bottom. A pair may come again.
    """
    edges = sorted(set(edges))
    # One root above all sources makes the graph connected: the library lays out parts separately.
    root = boxes
    targets = {target for _, target in edges}
    sources = [box for box in range(boxes) if box not in targets]
    rooted = [*edges, *((root, source) for source in sources)]
    rank = _ranks(boxes, rooted)
    for source in sources:
        rank[source] = 1  # inputs stand side by side, even where one is read late
    return _order(boxes, rooted, rank)


def _ranks(boxes: int, edges: list[Edge]) -> list[int]:
    """The rank of each box and of the root, 0, which comes last."""
    heights = _places(edges, dummy_vertices=False)
    top = max(y for _, y in heights.values())
    return [round((top - heights[vertex][1]) / _SPACING) for vertex in range(boxes + 1)]


def _order(boxes: int, edges: list[Edge], rank: list[int]) -> Layers:
    """Puts lanes where edges pass a rank; then every edge spans one rank and the library only orders."""
    last = {source: rank[source] for source, _ in edges}
    for source, target in edges:
        last[source] = max(last[source], rank[target] - 1)
    lanes: dict[Edge, int] = {}
    short: set[Edge] = set()
    for source, end in last.items():
        above = source
        for level in range(rank[source] + 1, end + 1):
            lanes[source, level] = boxes + 1 + len(lanes)
            short.add((above, lanes[source, level]))
            above = lanes[source, level]
    short |= {(lanes.get((source, rank[target] - 1), source), target) for source, target in edges}
    places = _places(sorted(short), dummy_vertices=True)
    levels = dict(enumerate(rank)) | {lane: level for (_, level), lane in lanes.items()}
    ranks: list[list[int]] = [[] for _ in range(max(levels.values()))]
    for vertex in sorted(levels, key=lambda vertex: (places[vertex][0], vertex)):
        of_root = vertex == boxes or lanes.get((boxes, levels[vertex])) == vertex
        if not of_root:
            ranks[levels[vertex] - 1].append(vertex)
    kept = {(box, level - 1): lane for (box, level), lane in lanes.items() if box != boxes}
    return Layers(ranks, kept, [level - 1 for level in rank[:boxes]])


def _places(edges: list[Edge], *, dummy_vertices: bool) -> dict[int, tuple[float, float]]:
    """The library's coordinates; a larger y is higher up."""
    layouts = from_edges(edges, vertex_spacing=_SPACING, dummy_vertices=dummy_vertices)
    return {int(vertex): place for positions, *_ in layouts for vertex, place in positions}
