"""Places for a panel: ranks from top to bottom, in several columns where one would be too tall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from .coordinates import LANE_GAP, across
from .layout import Edge, Layers, layers_of
from .picture import Panel

Size = tuple[float, float]
"""Width and height in pixels."""

ASPECT = 1.6
"""Width over height that a picture should come near to."""
TALL = 950.0
"""Pixels of height from which a panel may be cut into columns."""
COMPARED_TALL = 1300.0
"""The same for panels that are compared: two of several columns are hard to read beside each other."""
GAP = 38.0
"""The least distance between two ranks."""
LANE = 9.0
"""Distance between edges that run side by side from one column to the next."""
TURN = 20.0
"""Room above and below a column for edges that come from or go to another, besides their lanes."""
BESIDE = 26.0
"""Room on each side of such lanes between two columns."""


@dataclass
class Column:
    """Ranks that stand below each other.

    Attributes:
        start: The first rank.
        end: The one after the last.
        leaving: Vertices of the last rank whose edges go on in the next column, from right to left:
            the order of their lanes.
        left: Left end, in pixels.
        right: Right end, without the lanes.
        bottom: Lower end of the last rank.
    """

    start: int
    end: int
    leaving: list[int]
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


@dataclass
class Arrangement:
    """A panel's boxes and lanes with their places, from (0, 0).

    Attributes:
        layers: The ranks.
        columns: From left to right.
        x: Middle of every box and lane.
        band: Upper and lower end of each rank.
        sizes: Width and height of every box.
        width: Of the whole.
        height: Of the whole.
    """

    layers: Layers
    columns: list[Column]
    x: dict[int, float]
    band: list[tuple[float, float]]
    sizes: list[Size]
    width: float = 0.0
    height: float = 0.0

    def middle(self, box: int) -> float:
        """The height at which a box's middle is."""
        top, bottom = self.band[self.layers.rank[box]]
        return (top + bottom) / 2

    def top(self, box: int) -> float:
        """The upper end of a box."""
        return self.middle(box) - self.sizes[box][1] / 2

    def bottom(self, box: int) -> float:
        """The lower end of a box."""
        return self.middle(box) + self.sizes[box][1] / 2


def arrange(panels: list[Panel], most_columns: int = 8) -> list[Arrangement]:
    """Finds a place for everything, in the number of columns that comes nearest to `ASPECT`.

    Panels with marks are to be compared, and get the same number.
    """
    if any(box.mark for panel in panels for box in panel.boxes):
        return _best([_Ranked(panel) for panel in panels], COMPARED_TALL, most_columns)
    return [_best([_Ranked(panel)], TALL, most_columns)[0] for panel in panels]


class _Ranked:
    """A panel whose boxes have their ranks, and their places from left to right."""

    def __init__(self, panel: Panel) -> None:
        self.sizes = [box.size for box in panel.boxes]
        self.edges = [(link.source, link.target) for link in panel.links]
        self.layers = layers_of(len(self.sizes), self.edges)
        self.x = across(self.layers, [width for width, _ in self.sizes], self.edges)

    def placed(self, columns: int) -> Arrangement:
        columns = min(columns, len(self.layers.ranks))
        return _place(self.layers, self.sizes, self.x, self.edges, columns)


def _best(panels: list[_Ranked], tall: float, most_columns: int) -> list[Arrangement]:
    """All in as many columns; one, unless they are too tall."""
    best = [panel.placed(1) for panel in panels]
    if max(arrangement.height for arrangement in best) > tall:
        for columns in range(2, min(most_columns, max(len(panel.layers.ranks) for panel in panels)) + 1):
            other = [panel.placed(columns) for panel in panels]
            if _strain(other) < _strain(best):
                best = other
    return best


def _strain(arrangements: list[Arrangement]) -> float:
    """How far a picture is from the aspect that it should have, and how much passes between columns."""
    passing = sum(len(column.leaving) for arrangement in arrangements for column in arrangement.columns)
    width = sum(arrangement.width for arrangement in arrangements)
    height = max(arrangement.height for arrangement in arrangements)
    return abs(math.log(width / height / ASPECT)) + 0.04 * passing


def _place(
    layers: Layers, sizes: list[Size], x: dict[int, float], edges: list[Edge], columns: int
) -> Arrangement:
    """One arrangement, in so many columns."""
    heights = [max((sizes[v][1] for v in rank if v < len(sizes)), default=0.0) for rank in layers.ranks]
    gaps = _gaps(layers, x, edges)
    leaving = _leaving(layers, x, edges)
    cuts = _cuts(heights, gaps, leaving, columns)
    parts = [Column(start, end, leaving[end - 1]) for start, end in pairwise([0, *cuts, len(heights)])]
    arrangement = Arrangement(layers, parts, dict(x), [(0.0, 0.0)] * len(heights), sizes)
    lanes = max(len(part.leaving) for part in parts)
    head = TURN + LANE * lanes if len(parts) > 1 else 0.0
    left = 0.0
    for part in parts:
        y = head
        for rank in range(part.start, part.end):
            arrangement.band[rank] = (y, y + heights[rank])
            part.bottom = y + heights[rank]
            y = part.bottom + gaps[rank]
        part.left = left
        _shift(arrangement, part)
        left = part.right + 2 * BESIDE + LANE * (len(part.leaving) - 1)
    arrangement.width = parts[-1].right
    feet = [part.bottom + (TURN + LANE * len(part.leaving) if part.leaving else 0.0) for part in parts]
    arrangement.height = max(feet)
    return arrangement


def _shift(arrangement: Arrangement, part: Column) -> None:
    """Moves a column's vertices to where it starts; sets its right end."""
    ends: list[tuple[float, float]] = []
    vertices = [vertex for rank in arrangement.layers.ranks[part.start : part.end] for vertex in rank]
    for vertex in vertices:
        half = arrangement.sizes[vertex][0] / 2 if vertex < len(arrangement.sizes) else LANE_GAP / 2
        ends.append((arrangement.x[vertex] - half, arrangement.x[vertex] + half))
    move = part.left - min(low for low, _ in ends)
    for vertex in vertices:
        arrangement.x[vertex] += move
    part.right = max(high for _, high in ends) + move


def _gaps(layers: Layers, x: dict[int, float], edges: list[Edge]) -> list[float]:
    """The distance below each rank: more where an edge goes far to the side, so that it is not flat."""
    gaps = [GAP] * len(layers.ranks)
    for source, target in edges:
        route = layers.route(source, target)
        for rank, (one, other) in enumerate(pairwise(route), layers.rank[source]):
            gaps[rank] = max(gaps[rank], min(0.16 * abs(x[one] - x[other]), 2.2 * GAP))
    return gaps


def _leaving(layers: Layers, x: dict[int, float], edges: list[Edge]) -> list[list[int]]:
    """For each rank the vertices with an edge to the next, from right to left."""
    leaving: list[set[int]] = [set() for _ in layers.ranks]
    for source, target in edges:
        for rank, vertex in enumerate(layers.route(source, target)[:-1], layers.rank[source]):
            leaving[rank].add(vertex)
    return [sorted(vertices, key=lambda vertex: (-x[vertex], vertex)) for vertices in leaving]


def _cuts(heights: list[float], gaps: list[float], leaving: list[list[int]], columns: int) -> list[int]:
    """The ranks that start a new column: near even heights, and where few edges pass."""
    ends = [0.0]
    for height, gap in zip(heights, gaps, strict=True):
        ends.append(ends[-1] + height + gap)
    cuts: list[int] = []
    for number in range(1, columns):
        wish = ends[-1] * number / columns
        first = cuts[-1] + 1 if cuts else 1
        places = range(first, len(heights) - (columns - number) + 1)
        pain = {
            rank: abs(ends[rank] - wish) * columns / ends[-1] + 0.1 * len(leaving[rank - 1])
            for rank in places
        }
        cuts.append(min(places, key=pain.__getitem__))
    return cuts
