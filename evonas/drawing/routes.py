"""The curves of edges: through the lanes that the layout keeps free, never through a box."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from .arranging import BESIDE, LANE, TURN, Arrangement
from .coordinates import spread
from .picture import Box, Link

ARROW = 8.0
"""Length of an arrow head."""
MOST_CURVES = 3
"""An edge that is read more often than this is drawn once, with the number beside it."""
PORT_GAP = 13.0
TWIN = 8.0
"""Distance between curves that join the same two boxes."""
ROUND = 9.0


@dataclass(frozen=True)
class Curve:
    """One drawn line.

    Attributes:
        link: Index of its link in the panel.
        path: SVG path data, without the arrow head.
        tip: Where the arrow head points to, downwards.
        mark: Text beside the tip, or nothing.
    """

    link: int
    path: str
    tip: tuple[float, float]
    mark: str


@dataclass(frozen=True)
class _Line:
    """A curve that still has no end."""

    link: int
    source: int
    target: int
    shift: float
    mark: str


def curves(arrangement: Arrangement, boxes: list[Box], links: list[Link]) -> list[Curve]:
    """A curve for each link, and for each time it is read where that is up to `MOST_CURVES`."""
    lines = []
    for index, link in enumerate(links):
        copies = link.count if link.count <= MOST_CURVES else 1
        mark = f"×{link.count}" if copies < link.count else ""
        for copy in range(copies):
            lines.append(_Line(index, link.source, link.target, (copy - (copies - 1) / 2) * TWIN, mark))
    ends = _ports(arrangement, boxes, lines)
    return [_curve(arrangement, boxes, line, end) for line, end in zip(lines, ends, strict=True)]


def _ports(arrangement: Arrangement, boxes: list[Box], lines: list[_Line]) -> list[float]:
    """Where on the upper side of its target each line ends: near where it comes from, all apart."""
    ends = [0.0] * len(lines)
    arriving: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        arriving.setdefault(line.target, []).append(index)
    for target, indices in arriving.items():
        middle = arrangement.x[target]
        circle = boxes[target].circle
        reach = 11.0 if circle else arrangement.sizes[target][0] / 2 - 12.0
        gap = min(10.0 if circle else PORT_GAP, 2 * reach / max(len(indices) - 1, 1))
        comes = {i: _before(arrangement, lines[i]) + lines[i].shift for i in indices}
        order = sorted(indices, key=lambda i: (comes[i], i))
        wishes = [min(max(comes[i], middle - reach), middle + reach) for i in order]
        # What can come straight from above should; the others make room.
        weights = [9.0 if abs(comes[i] - middle) < 1.0 else 1.0 for i in order]
        places = spread(wishes, weights, [gap] * (len(order) - 1))
        for number, (i, place) in enumerate(zip(order, places, strict=True)):
            first = middle - reach + gap * number
            last = middle + reach - gap * (len(order) - 1 - number)
            ends[i] = min(max(place, first), last)
    return ends


def _before(arrangement: Arrangement, line: _Line) -> float:
    """The x from which a line comes to its target."""
    last = arrangement.layers.route(line.source, line.target)[-2]
    rank = arrangement.layers.rank[line.target]
    for before, column in pairwise(arrangement.columns):
        if column.start == rank:  # from the left, the first lane above the others
            return arrangement.x[line.target] - 0.01 * before.leaving.index(last)
    return arrangement.x[last]


def _curve(arrangement: Arrangement, boxes: list[Box], line: _Line, end: float) -> Curve:
    route = arrangement.layers.route(line.source, line.target)
    rank = arrangement.layers.rank[line.source]
    places = [arrangement.x[vertex] + line.shift for vertex in route[:-1]] + [end]
    start = arrangement.bottom(line.source)
    if boxes[line.source].circle:
        start -= _sagitta(line.shift, boxes[line.source])
    path = [f"M{_xy(places[0], start)}"]
    for level, (one, other) in enumerate(pairwise(places), rank):
        below, above = arrangement.band[level][1], arrangement.band[level + 1][0]
        if level > rank or below > start + 0.01:
            path.append(f"L{_xy(one, below)}")
        column = next(c for c, part in enumerate(arrangement.columns) if level < part.end)
        if level + 1 < arrangement.columns[column].end:
            path.append(_bend(one, below, other, above))
        else:
            path.append(_detour(arrangement, column, route[level - rank], line.shift, one, other))
    tip = arrangement.top(line.target)
    if boxes[line.target].circle:
        tip += _sagitta(end - arrangement.x[line.target], boxes[line.target])
    path.append(f"L{_xy(end, tip - ARROW + 1)}")
    return Curve(line.link, "".join(path), (end, tip), line.mark)


def _sagitta(offset: float, box: Box) -> float:
    """How far a circle's rim is from its top, beside its middle."""
    radius = box.size[0] / 2
    return radius - math.sqrt(max(radius**2 - offset**2, 0.0))


def _bend(x0: float, y0: float, x1: float, y1: float) -> str:
    """A curve from rank to rank that leaves and arrives upright."""
    if abs(x0 - x1) < 0.05:
        return f"L{_xy(x1, y1)}"
    y1 -= ARROW  # the last stretch is straight, so that an arrow head sits on it
    reach = (y1 - y0) * 0.55
    return f"C{_xy(x0, y0 + reach)} {_xy(x1, y1 - reach)} {_xy(x1, y1)}L{_xy(x1, y1 + ARROW)}"


def _detour(arrangement: Arrangement, column: int, vertex: int, shift: float, x0: float, x1: float) -> str:
    """From the foot of a column to the head of the next: lanes are nested, so that they do not cross."""
    part = arrangement.columns[column]
    lane, lanes = part.leaving.index(vertex), len(part.leaving)
    head = arrangement.band[part.end][0]
    below = part.bottom + TURN + LANE * lane - shift
    beside = part.right + BESIDE + LANE * lane - shift
    above = head - TURN - LANE * (lanes - 1 - lane) - shift
    corners = [(x0, below), (beside, below), (beside, above), (x1, above)]
    return _rounded((x0, part.bottom), corners, (x1, head))


def _rounded(start: tuple[float, float], corners: list[tuple[float, float]], end: tuple[float, float]) -> str:
    """Straight lines with round corners."""
    path = []
    points = [start, *corners, end]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(ROUND, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        enter, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        path.append(f"L{_xy(*enter)}Q{_xy(*corner)} {_xy(*leave)}")
    return "".join([*path, f"L{_xy(*end)}"])


def _towards(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    whole = math.dist(start, end) or 1.0
    return (
        start[0] + (end[0] - start[0]) * distance / whole,
        start[1] + (end[1] - start[1]) * distance / whole,
    )


def _xy(x: float, y: float) -> str:
    return f"{x:.1f},{y:.1f}"
