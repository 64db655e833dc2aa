"""The DNA: vertices, edges and a learning rate (Real et al. 2017, Section 3.2 and Supplement S1)."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from ...errors import UserError
from .parts import Activation, Edge, activation_from, edge_from_dict, edge_to_dict, finite

_ID = re.compile(r"[a-z0-9]{1,32}")


class Dna:
    """A directed acyclic graph with a backbone: a path of primary edges through all vertices.

    The primary edge of a vertex is the incoming one of highest depth precedence; all others are skips. Ids
    are never reused: a new one is drawn for each new vertex or edge, and weights are inherited by it. Nothing
    depends on the order of the two dictionaries.

    Attributes:
        learning_rate: At which its network is trained.
        vertices: By id.
        edges: By id.
    """

    __slots__ = ("edges", "learning_rate", "vertices")

    def __init__(
        self, learning_rate: float, vertices: Mapping[str, Activation], edges: Mapping[str, Edge]
    ) -> None:
        self.learning_rate = learning_rate
        self.vertices = dict(vertices)
        self.edges = dict(edges)

    @classmethod
    def trivial(cls, learning_rate: float) -> Dna:
        """The initial individual: the input is the output, which is pooled and classified (Section 3.3)."""
        ends = {"input": Activation.LINEAR, "output": Activation.LINEAR}
        return cls(learning_rate, ends, {"start": Edge("input", "output")})

    def copy(self) -> Dna:
        """An independent copy; vertices and edges themselves are never changed, only replaced."""
        return Dna(self.learning_rate, self.vertices, self.edges)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Dna)
            and self.learning_rate == other.learning_rate
            and self.vertices == other.vertices
            and self.edges == other.edges
        )

    __hash__ = None  # type: ignore[assignment]

    # -- reading --------------------------------------------------------------------------------

    def backbone(self) -> list[str]:
        """The ids of the primary edges, from the input to the output."""
        primary: dict[str, str] = {}
        sources = set()
        for name, edge in self.edges.items():
            sources.add(edge.source)
            best = primary.get(edge.target)
            if best is None or edge.depth_precedence > self.edges[best].depth_precedence:
                primary[edge.target] = name
        ends = [vertex for vertex in self.vertices if vertex not in sources]
        path: list[str] = []
        here = ends[0] if ends else ""
        while here in primary and len(path) < len(self.vertices):
            path.append(primary[here])
            here = self.edges[primary[here]].source
        path.reverse()
        return path

    def order(self) -> list[str]:
        """The vertices along the backbone, from the input to the output: each after those that it reads."""
        path = self.backbone()
        return [self.edges[path[0]].source, *[self.edges[name].target for name in path]] if path else []

    def incoming(self) -> dict[str, list[tuple[str, Edge]]]:
        """The edges into each vertex, the primary one first, then by id."""
        found: dict[str, list[tuple[str, Edge]]] = {vertex: [] for vertex in self.vertices}
        for name, edge in self.edges.items():
            found[edge.target].append((name, edge))
        for edges in found.values():
            if len(edges) > 1:
                edges.sort(key=lambda item: (-item[1].depth_precedence, item[0]))
        return found

    def skips(self) -> list[str]:
        """The ids of the edges that are not on the backbone, sorted."""
        return sorted(self.edges.keys() - set(self.backbone()))

    def convolutions(self) -> list[str]:
        """The ids of the edges that convolve, sorted."""
        return sorted(name for name, edge in self.edges.items() if edge.convolution is not None)

    def fresh_id(self, rng: random.Random) -> str:
        """A new id. It is drawn, so that two branches of a lineage do not choose the same."""
        while True:
            name = f"{rng.getrandbits(48):012x}"
            if name not in self.vertices and name not in self.edges:
                return name

    # -- as data --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return {
            "learning_rate": self.learning_rate,
            "vertices": {name: activation.value for name, activation in self.vertices.items()},
            "edges": {name: edge_to_dict(edge) for name, edge in self.edges.items()},
        }

    @classmethod
    def from_dict(cls, data: Any) -> Dna:
        """The reverse of `to_dict`.

        Raises:
            UserError: It is no such form, or no DNA.
        """
        keys = {"learning_rate", "vertices", "edges"}
        if not isinstance(data, Mapping) or not keys <= set(data):
            raise UserError(
                f"large-scale genotype: expected a learning rate, vertices and edges, got {data!r:.80}"
            )
        vertices, edges = data["vertices"], data["edges"]
        if not isinstance(vertices, Mapping) or not isinstance(edges, Mapping):
            raise UserError(f"large-scale genotype: expected vertices and edges by id, got {data!r:.80}")
        dna = cls(
            data["learning_rate"],
            {name: activation_from(value) for name, value in vertices.items()},
            {name: edge_from_dict(value) for name, value in edges.items()},
        )
        dna.check()
        return dna

    def check(self) -> None:
        """Checks the whole graph.

        Raises:
            UserError: The learning rate is none, an id cannot be one, an edge leads nowhere, two edges join
                the same vertices or claim the same one, or the primary edges are no path through all of them.
        """
        if not finite(self.learning_rate) or self.learning_rate <= 0:
            raise UserError(f"large-scale learning rate: expected above 0, got {self.learning_rate!r}")
        for name in (*self.vertices, *self.edges):
            if not isinstance(name, str) or not _ID.fullmatch(name):
                raise UserError(f"large-scale id: expected 1 to 32 small letters or digits, got {name!r:.60}")
        joined = set()
        for name, edge in self.edges.items():
            for vertex in (edge.source, edge.target):
                if vertex not in self.vertices:
                    raise UserError(
                        f"large-scale edge {name!r}: expected one of its vertices, got {vertex!r}"
                    )
            if (edge.source, edge.target) in joined:
                raise UserError(
                    f"large-scale edge {name!r}: another one joins {edge.source!r} to {edge.target!r} too"
                )
            joined.add((edge.source, edge.target))
        self._check_order()

    def _check_order(self) -> None:
        order = self.order()
        place = {vertex: position for position, vertex in enumerate(order)}
        if len(self.vertices) < 2 or set(place) != set(self.vertices) or len(place) != len(order):
            raise UserError(
                "large-scale genotype: expected primary edges that are one path through all vertices"
            )
        for name, edge in self.edges.items():
            if place[edge.source] >= place[edge.target]:
                raise UserError(f"large-scale edge {name!r}: it would close a cycle")
        for vertex, edges in self.incoming().items():
            for kind in ("depth_precedence", "scale_precedence"):
                claims = sorted((getattr(edge, kind) for _, edge in edges), reverse=True)
                if claims[1:] and claims[0] == claims[1]:
                    raise UserError(
                        f"large-scale vertex {vertex!r}: expected one edge of the highest {kind}, "
                        f"got several of {claims[0]}"
                    )
