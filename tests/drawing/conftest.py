"""Reads drawings back, and makes networks to draw."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    ReLU,
)
from evonas.drawing import draw_architecture

SVG = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]


@dataclass(frozen=True)
class DrawnBox:
    """A box in the picture's coordinates."""

    left: float
    top: float
    right: float
    bottom: float
    hover: str
    words: tuple[str, ...]
    cards: int
    circle: bool

    def overlaps(self, other: DrawnBox, gap: float = 0.0) -> bool:
        across = self.left < other.right + gap and other.left < self.right + gap
        return across and self.top < other.bottom + gap and other.top < self.bottom + gap

    def contains(self, point: Point, rim: float) -> bool:
        x, y = point
        if self.circle:
            middle = ((self.left + self.right) / 2, (self.top + self.bottom) / 2)
            return math.dist(point, middle) < (self.right - self.left) / 2 - rim
        return self.left + rim < x < self.right - rim and self.top + rim < y < self.bottom - rim


@dataclass(frozen=True)
class DrawnEdge:
    """A curve, as points along it, and where its arrow head points to."""

    points: tuple[Point, ...]
    tip: Point
    hover: str
    colour: str
    mark: str


@dataclass(frozen=True)
class Drawing:
    """What an SVG file shows."""

    root: ElementTree.Element
    width: float
    height: float
    boxes: list[DrawnBox]
    edges: list[DrawnEdge]
    words: list[str]

    def box(self, title: str) -> DrawnBox:
        (found,) = [box for box in self.boxes if box.words[0] == title]
        return found


def read(path: Path) -> Drawing:
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    boxes, edges = [], []
    for group in root.iter(f"{SVG}g"):
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", group.get("transform", ""))
        if moved:
            shift = (float(moved[1]), float(moved[2]))
            boxes += [_box(node, shift) for node in group.iterfind(f"{SVG}g[@class='node']")]
            edges += [_edge(edge, shift) for edge in group.iterfind(f"{SVG}g[@class='edge']")]
    words = [element.text or "" for element in root.iter(f"{SVG}text")]
    return Drawing(root, width, height, boxes, edges, words)


def _box(node: ElementTree.Element, shift: Point) -> DrawnBox:
    rect = node.find(f"{SVG}rect[@class='box']")
    assert rect is not None
    x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
    left, top = x + shift[0], y + shift[1]
    words = tuple(element.text or "" for element in node.iterfind(f"{SVG}text"))
    cards = len(node.findall(f"{SVG}rect[@class='card']"))
    hover = node.findtext(f"{SVG}title", "")
    circle = float(rect.attrib["rx"]) * 2 == width
    return DrawnBox(left, top, left + width, top + height, hover, words, cards, circle)


def _edge(edge: ElementTree.Element, shift: Point) -> DrawnEdge:
    path, head = edge.find(f"{SVG}path"), edge.find(f"{SVG}polygon")
    assert path is not None and head is not None
    corners = [tuple(map(float, corner.split(","))) for corner in head.attrib["points"].split()]
    points = tuple((x + shift[0], y + shift[1]) for x, y in along(path.attrib["d"]))
    tip = (corners[1][0] + shift[0], corners[1][1] + shift[1])
    mark = edge.findtext(f"{SVG}text", "")
    return DrawnEdge(points, tip, edge.findtext(f"{SVG}title", ""), path.attrib["stroke"], mark)


def along(data: str, steps: int = 24) -> list[Point]:
    """Points along path data of absolute M, L, Q and C."""
    points: list[Point] = []
    for command, numbers in re.findall(r"([MLQC])([^MLQC]*)", data):
        ends = [tuple(map(float, pair.split(","))) for pair in numbers.split()]
        if command == "M":
            points.append((ends[0][0], ends[0][1]))
            continue
        control = [points[-1], *((x, y) for x, y in ends)]
        points += [_bezier(control, step / steps) for step in range(1, steps + 1)]
    return points


def _bezier(control: list[Point], t: float) -> Point:
    while len(control) > 1:
        control = [
            (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
            for a, b in zip(control, control[1:], strict=False)
        ]
    return control[0]


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[[Architecture], Drawing]:
    """Draws an architecture and reads the file."""

    def draw(architecture: Architecture) -> Drawing:
        return read(draw_architecture(architecture, tmp_path / "network.svg"))

    return draw


@pytest.fixture
def read_drawing() -> Callable[[Path], Drawing]:
    return read


def add_residual_block(net: Architecture, name: str, source: str, filters: int) -> str:
    x = net.add(f"{name}.conv1", Conv2d(filters), source)
    x = net.add(f"{name}.relu", ReLU(), net.add(f"{name}.bn1", BatchNorm2d(), x))
    x = net.add(f"{name}.bn2", BatchNorm2d(), net.add(f"{name}.conv2", Conv2d(filters), x))
    return net.add(f"{name}.sum", Add(), x, source)


@pytest.fixture
def residual() -> Callable[[int, int], Architecture]:
    """Stages of residual blocks of one width, a pooling before each but the first."""

    def build(stages: int, blocks: int) -> Architecture:
        net = Architecture()
        x = net.add("image", Input((3, 32, 32)))
        x = net.add("stem", Conv2d(8), x)
        for stage in range(1, stages + 1):
            if stage > 1:
                x = net.add(f"stage{stage}.halve", MaxPool2d(2, 2), x)
            for block in range(1, blocks + 1):
                x = add_residual_block(net, f"stage{stage}.block{block}", x, 8)
        x = net.add("pool", GlobalAvgPool(), x)
        net.add("head", Linear(10), x)
        return net

    return build


@pytest.fixture
def tangled() -> Callable[[int, int], Architecture]:
    """A random network with flat names: sums (of one node twice, too), concatenations, long edges."""

    def build(seed: int, nodes: int) -> Architecture:
        rng = random.Random(seed)
        net = Architecture()
        made = [net.add("image", Input((4, 8, 8)))]
        for number in range(nodes):
            name = f"node{number}"
            sources = [rng.choice(made[-rng.choice((2, 5, 40)) :]) for _ in range(rng.choice((1, 2, 2, 3)))]
            kind = rng.choice(("conv", "relu", "merge", "merge"))
            if kind == "conv":
                made.append(net.add(name, Conv2d(4), sources[0]))
            elif kind == "relu":
                made.append(net.add(name, ReLU(), sources[0]))
            elif len({net.shape(source) for source in sources}) == 1:
                made.append(net.add(name, Add(), *sources))
            else:
                made.append(net.add(name, Concat(), *sources))
        return net

    return build
