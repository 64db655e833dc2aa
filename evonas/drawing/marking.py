"""What differs between two architectures, by the names of their nodes."""

from __future__ import annotations

from dataclasses import dataclass

from ..architecture import Architecture
from ..architecture.layers import Shape
from .palette import Mark

Edges = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Marked:
    """One of two architectures that are compared.

    Attributes:
        architecture: The one.
        marks: What each of its nodes is beside the other.
        edges: Its edges, source and reader, that the other has not.
        missing: What a node or an edge is that the other has not.
        near: The nodes to be shown one by one: those at the ends of what has changed.
    """

    architecture: Architecture
    marks: dict[str, Mark]
    edges: Edges
    missing: Mark
    near: frozenset[str]


def compare(parent: Architecture, child: Architecture) -> tuple[Marked, Marked]:
    """Parent and child with what is new, gone and changed.

    A node is changed if its layer, its own tensors' shapes or its output's shape is another one. That it
    reads another node shows in the edges.
    """
    old, new = _described(parent), _described(child)
    before = {name: _mark(name, old, new, Mark.GONE) for name in parent}
    after = {name: _mark(name, new, old, Mark.NEW) for name in child}
    here, there = _edges(parent), _edges(child)
    near = {name for marks in (before, after) for name, mark in marks.items() if mark is not Mark.SAME}
    touched = frozenset(near)
    near |= {end for edge in here ^ there for end in edge}
    near |= {end for edge in here | there if touched.intersection(edge) for end in edge}
    return (
        Marked(parent, before, here - there, Mark.GONE, frozenset(near)),
        Marked(child, after, there - here, Mark.NEW, frozenset(near)),
    )


_Facts = tuple[str, Shape, dict[str, Shape]]


def _described(architecture: Architecture) -> dict[str, _Facts]:
    shapes = architecture.shapes()
    found = {}
    for name in architecture:
        layer = architecture.layer(name)
        tensors = layer.parameters([shapes[source] for source in architecture.inputs(name)])
        found[name] = repr(layer), shapes[name], tensors
    return found


def _mark(name: str, mine: dict[str, _Facts], other: dict[str, _Facts], missing: Mark) -> Mark:
    if name not in other:
        return missing
    return Mark.SAME if mine[name] == other[name] else Mark.CHANGED


def _edges(architecture: Architecture) -> Edges:
    return frozenset((source, name) for name in architecture for source in architecture.inputs(name))
