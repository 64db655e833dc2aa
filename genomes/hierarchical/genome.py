"""The hierarchical genome: the motifs of each level from 2 up (Liu et al. 2018)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Self

import networkx as nx

from ...architecture import Architecture, canonical_hash
from ...errors import UserError
from ...evolution import Genome
from ...task import Task
from .cost import parameters
from .decode import decode
from .motif import NO_EDGE, Motif, pairs, place
from .operations import IDENTITY
from .space import HierarchicalSpace
from .text import is_text, space_for
from .wiring import Wiring, wire


class Change(NamedTuple):
    """A mutation: which operation becomes which (Section 3.1); all numbers from 1, levels from 2."""

    level: int
    motif: int
    successor: int
    predecessor: int
    operation: int


class HierarchicalGenome(Genome):
    """The motifs of each level, the top one last.

    Attributes:
        levels: The motifs of each level from 2 up; those of one level use those of the level below, at level
            2 the primitives.

    Raises:
        UserError: They are not as many, or not as large, as the space says, or use an unknown operation.
    """

    name = "hierarchical"
    space_type = HierarchicalSpace
    recipe = "hierarchical-small"
    good_for = "shapes that nobody would draw; graphs within graphs, hardly bound to networks that are known"
    space: HierarchicalSpace

    def __init__(self, levels: Sequence[Sequence[Motif]], space: HierarchicalSpace | None = None) -> None:
        super().__init__(space or HierarchicalSpace())
        self.levels = [list(motifs) for motifs in levels]
        self._check()

    def _check(self) -> None:
        space = self.space
        counts = tuple(len(motifs) for motifs in self.levels)
        if counts != space.motifs:
            raise UserError(
                f"hierarchical genotype: expected {_listed(space.motifs)} motifs at the levels from 2 up, "
                f"got {_listed(counts)}"
            )
        for level, motifs in enumerate(self.levels, 2):
            nodes, operations = space.nodes[level - 2], space.operations[level - 2]
            for number, motif in enumerate(motifs, 1):
                where = f"hierarchical genotype, level {level}, motif {number}"
                if motif.nodes != nodes:
                    raise UserError(f"{where}: expected {nodes} nodes, got {motif.nodes}")
                for operation in motif.operations:
                    if not 0 <= operation <= operations:
                        raise UserError(f"{where}: expected operations up to {operations}, got {operation}")

    @classmethod
    def chain(cls, space: HierarchicalSpace) -> Self:
        """The trivial genotype: every motif a chain of identities (Section 3.2).

        At level 3 and above, where there is no identity, a chain of the first motif.
        """
        levels = []
        for level, (motifs, nodes) in enumerate(zip(space.motifs, space.nodes, strict=True), 2):
            operation = space.primitives.index(IDENTITY) + 1 if level == 2 else 1
            levels.append([Motif.chain(nodes, operation) for _ in range(motifs)])
        return cls(levels, space)

    @classmethod
    def random(cls, space: HierarchicalSpace, rng: Random) -> Self:
        """The chain of identities after many random mutations, each undone that makes it too large (3.2).

        Raises:
            UserError: The chain has more parameters than the space allows.
        """
        genome = cls.chain(space)
        if not genome.is_small_enough():
            raise UserError(
                f"hierarchical max_parameters: expected at least {parameters(genome.wiring(), space)}, which "
                f"the chain of identities has, got {space.max_parameters}"
            )
        for _ in range(space.mutations):
            undo = genome.apply(genome.draw_change(rng))
            if not genome.is_small_enough():
                genome.apply(undo)
        return genome

    @classmethod
    def smallest(cls, space: HierarchicalSpace, task: Task) -> Self:
        """No edge anywhere: cells hand on what they read."""
        shapes = zip(space.motifs, space.nodes, strict=True)
        return cls(
            [[Motif(nodes, [NO_EDGE] * pairs(nodes)) for _ in range(count)] for count, nodes in shapes], space
        )

    def draw_change(self, rng: Random) -> Change:
        """A random mutation: level, motif, successor, predecessor, operation, each drawn uniformly (3.1).

        The operation may be "no edge", and may be the one that is there.
        """
        level = rng.randrange(len(self.levels))
        motif = rng.randrange(self.space.motifs[level])
        successor = rng.randrange(2, self.space.nodes[level] + 1)
        predecessor = rng.randrange(1, successor)
        operation = rng.randrange(self.space.operations[level] + 1)
        return Change(level + 2, motif + 1, successor, predecessor, operation)

    def apply(self, change: Change) -> Change:
        """Makes a change in place; returns the one that undoes it."""
        level, number, successor, predecessor, operation = change
        operations = self.levels[level - 2][number - 1].operations
        position = place(successor, predecessor)
        before = operations[position]
        operations[position] = operation
        return Change(level, number, successor, predecessor, before)

    def is_small_enough(self) -> bool:
        """Whether the network has as few parameters as the space asks for, if it does."""
        most = self.space.max_parameters
        return most is None or parameters(self.wiring(), self.space) <= most

    def outside_space(self) -> str:
        """More parameters than the space allows, or a number that stands for no operation."""
        try:
            self._check()  # a number below 0 would be written as if it counted from the end
        except UserError as error:
            return str(error)
        if self.is_small_enough():
            return ""
        count = parameters(self.wiring(), self.space)
        return f"expected at most {self.space.max_parameters} parameters (max_parameters), got {count}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # with what DEAP's tools may have put on it
        twin.levels = [[motif.copy() for motif in motifs] for motifs in self.levels]
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, HierarchicalGenome)
            and self.levels == other.levels
            and self.space == other.space
        )

    __hash__ = None  # type: ignore[assignment]

    def wiring(self) -> Wiring:
        """The steps of one cell."""
        return wire(self.levels, self.space)

    def decode(self, task: Task) -> Architecture:
        return decode(self.wiring(), self.space, task)

    def key(self) -> str:
        """Equal exactly for genotypes whose cells are the same but for names and the order of merging."""
        graph = self.wiring().graph()
        return canonical_hash(
            graph,
            lambda node: str(graph.nodes[node]["label"]),
            lambda source, target: int(graph.edges[source, target]["count"]),
        )

    # -- as data and text -----------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        levels = []
        for level, motifs in enumerate(self.levels, 2):
            names = self.space.names(level)
            levels.append([motif.to_rows(names) for motif in motifs])
        return {"levels": levels}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: HierarchicalSpace) -> Self:
        levels = data.get("levels") if isinstance(data, Mapping) else None
        if not isinstance(levels, list) or not all(isinstance(motifs, list) for motifs in levels):
            raise UserError(f"hierarchical genotype: expected 'levels', lists of motifs, got {data!r:.80}")
        if len(levels) != len(space.motifs):
            raise UserError(
                f"hierarchical genotype: expected {len(space.motifs)} levels of motifs, got {len(levels)}"
            )
        read = []
        for level, motifs in enumerate(levels, 2):
            names = space.names(level)
            read.append([Motif.from_rows(rows, names) for rows in motifs])
        return cls(read, space)

    def __str__(self) -> str:
        return " | ".join(" ".join(map(str, motifs)) for motifs in self.levels)

    @classmethod
    def reads(cls, text: str) -> bool:
        return is_text(text)

    @classmethod
    def space_for(cls, genotype: str | Mapping[str, Any], space: HierarchicalSpace) -> HierarchicalSpace:
        return space_for(genotype, space)

    @classmethod
    def from_text(cls, text: str, space: HierarchicalSpace) -> Self:
        return cls(
            [[Motif.from_text(motif) for motif in motifs.split()] for motifs in text.split("|")], space
        )

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        from .published import PUBLISHED

        return {name: cls.from_text(text, HierarchicalSpace()).to_dict() for name, text in PUBLISHED.items()}

    def pictured(self) -> dict[str, nx.DiGraph]:
        """The cell and the motifs that it uses, which are drawn side by side, as the paper does."""
        from .picture import pictures

        return pictures(self.levels, self.space)


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(map(str, numbers)) or "no"
