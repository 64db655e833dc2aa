"""Where each vertex of a rank stands from left to right: near those it is linked to, never overlapping."""

from __future__ import annotations

from itertools import pairwise

from .layout import Edge, Layers

BOX_GAP, LANE_GAP = 26.0, 14.0
"""Pixels between two boxes of a rank, and beside a lane."""
SWEEPS = 24


def across(layers: Layers, widths: list[float], edges: list[Edge]) -> dict[int, float]:
    """The horizontal middle of every box and lane, in pixels.

    Sweeps down and up: each rank in turn moves to the places that are nearest, in least squares, to
    the mean of its neighbours, in its order and without overlap. Then long edges and lines of boxes
    are made exactly straight where there is room.

    Args:
        layers: The ranks.
        widths: Of each box, in pixels.
        edges: As given to `layers_of`.
    """
    columns = _Columns(layers, widths, edges)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        both = sweep >= SWEEPS // 2
        for rank in layers.ranks if downwards else reversed(layers.ranks):
            columns.settle(rank, above=downwards or both, below=not downwards or both)
    columns.push()
    for _ in range(3):
        columns.straighten()
    return columns.x


class _Columns:
    """Vertices with their widths, neighbours and present places."""

    def __init__(self, layers: Layers, widths: list[float], edges: list[Edge]) -> None:
        self.boxes = len(widths)
        self.widths = dict(enumerate(widths))
        self.above: dict[int, list[int]] = {vertex: [] for rank in layers.ranks for vertex in rank}
        self.below: dict[int, list[int]] = {vertex: [] for rank in layers.ranks for vertex in rank}
        for upper, lower in sorted({pair for edge in edges for pair in pairwise(layers.route(*edge))}):
            self.below[upper].append(lower)
            self.above[lower].append(upper)
        self.places = {vertex: (rank, place) for rank in layers.ranks for place, vertex in enumerate(rank)}
        self.follows = self._lines_down()
        self.x: dict[int, float] = {}
        for rank in layers.ranks:
            weights = [1.0 if vertex < self.boxes else 0.01 for vertex in rank]
            self.x.update(zip(rank, spread([0.0] * len(rank), weights, self._gaps(rank)), strict=True))

    def _gaps(self, rank: list[int]) -> list[float]:
        """The least distance between the middles of each two neighbours in a rank."""
        return [self._apart(left, right) for left, right in pairwise(rank)]

    def _apart(self, left: int, right: int) -> float:
        boxes = left < self.boxes and right < self.boxes
        half = (self.widths.get(left, 0.0) + self.widths.get(right, 0.0)) / 2
        return half + (BOX_GAP if boxes else LANE_GAP)

    def settle(self, rank: list[int], *, above: bool, below: bool) -> None:
        """Moves one rank to where its neighbours are."""
        wishes, weights = [], []
        for vertex in rank:
            pulls = [(self._pull(vertex, other), self.x[other]) for other in self.above[vertex] if above]
            pulls += [(self._pull(vertex, other), self.x[other]) for other in self.below[vertex] if below]
            weight = sum(pull for pull, _ in pulls)
            wishes.append(sum(pull * x for pull, x in pulls) / weight if weight else self.x[vertex])
            weights.append(weight or 0.1)
        self.x.update(zip(rank, spread(wishes, weights, self._gaps(rank)), strict=True))

    def _pull(self, one: int, other: int) -> float:
        """Bends hurt most within a line."""
        if self.follows.get(one) == other or self.follows.get(other) == one:
            return 8.0
        return 1.0 if one < self.boxes and other < self.boxes else 0.5

    def push(self) -> None:
        """Gives every line of three boxes or more one x; what stands beside them makes way."""
        done: set[int] = set()
        lines = [line for line in self._lines() if len(line) >= 3 and line[0] < self.boxes]
        for line in sorted(lines, key=len, reverse=True):
            middle = sum(self.x[vertex] for vertex in line) / len(line)
            done.update(line)
            for vertex in line:
                rank = self.places[vertex][0]
                wishes = [middle if other == vertex else self.x[other] for other in rank]
                weights = [1e6 if other == vertex else 1e3 if other in done else 1.0 for other in rank]
                self.x.update(zip(rank, spread(wishes, weights, self._gaps(rank)), strict=True))

    def straighten(self) -> None:
        """Gives every line of vertices one x, as far as there is room."""
        limits: dict[int, tuple[float, float]] = {}
        for line in self._lines():
            run: list[int] = []
            low, high = float("-inf"), float("inf")
            for vertex in line:
                limits[vertex] = self._room(vertex)
                if run and max(low, limits[vertex][0]) > min(high, limits[vertex][1]):
                    self._align(run, low, high)
                    run, low, high = [], float("-inf"), float("inf")
                run.append(vertex)
                low, high = max(low, limits[vertex][0]), min(high, limits[vertex][1])
            self._align(run, low, high)

    def _align(self, run: list[int], low: float, high: float) -> None:
        if len(run) > 1:
            middle = sum(self.x[vertex] for vertex in run) / len(run)
            self.x.update(dict.fromkeys(run, min(max(middle, low), high)))

    def _lines(self) -> list[list[int]]:
        """The lines of `_lines_down`, each from top to bottom, those of boxes first."""
        lines = []
        for start in sorted(set(self.follows) - set(self.follows.values())):
            line = [start]
            while line[-1] in self.follows:
                line.append(self.follows[line[-1]])
            lines.append(line)
        return lines

    def _lines_down(self) -> dict[int, int]:
        """What should stand exactly below what: a long edge's lanes, and boxes that have no other near.

        That is, a box and the only box of the next rank that reads it, if that one reads no other of
        this rank; edges that go on to later ranks or come from earlier ones pass beside them.
        """
        follows: dict[int, int] = {}
        for vertex, readers in self.below.items():
            lane = vertex >= self.boxes
            near = [reader for reader in readers if (reader >= self.boxes) == lane]
            if len(near) == 1:
                back = [source for source in self.above[near[0]] if (source >= self.boxes) == lane]
                if len(back) == 1:
                    follows[vertex] = near[0]
        return follows

    def _room(self, vertex: int) -> tuple[float, float]:
        """How far a vertex can move between its neighbours in the rank."""
        rank, place = self.places[vertex]
        low = self.x[rank[place - 1]] + self._apart(rank[place - 1], vertex) if place else float("-inf")
        right = rank[place + 1] if place + 1 < len(rank) else None
        high = self.x[right] - self._apart(vertex, right) if right is not None else float("inf")
        return low, high


def spread(wishes: list[float], weights: list[float], gaps: list[float]) -> list[float]:
    """The places nearest to the wishes, in weighted least squares, that keep order and distances.

    Isotonic regression by pooling adjacent violators, after the distances were taken off.

    >>> spread([0, 0, 10], [1, 1, 1], [4, 4])
    [-2.0, 2.0, 10.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        mean, total, members = wish - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, other_total, other_members = pools.pop()
            mean = (mean * total + other * other_total) / (total + other_total)
            total, members = total + other_total, members + other_members
        pools.append((mean, total, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
