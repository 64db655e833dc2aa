"""The graph genome: an architecture as an individual."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from ...architecture import Architecture
from ...architecture.layers import Input, Linear
from ...errors import NotApplicable, UserError
from ...evolution import Genome, Morphism
from ...task import Task
from .first_model import first_model
from .space import GraphSpace


class GraphGenome(Genome):
    """An architecture, varied by morphisms.

    Args:
        architecture: The network; it is not changed, operators replace it.
        space: The settings.

    Attributes:
        architecture: The network.
    """

    name = "graph"
    space_type = GraphSpace
    recipe = "nash-small"
    good_for = "growing a network that is trained already and keeps what it has learnt (evonas refine)"
    draws_nothing = True
    space: GraphSpace

    def __init__(self, architecture: Architecture, space: GraphSpace | None = None) -> None:
        super().__init__(space or GraphSpace())
        self.architecture = architecture

    @classmethod
    def random(cls, space: GraphSpace, rng: random.Random) -> Self:
        """NASH's first model, always the same. Nothing is drawn."""
        return cls(first_model(space.task, space.filters), space)

    @classmethod
    def smallest(cls, space: GraphSpace, task: Task) -> Self:
        """The first model: networks only grow, unless morphisms that shrink are given a weight."""
        space = space.for_task(task)
        return cls(first_model(space.task, space.filters), space)

    @classmethod
    def of(cls, genome: Genome, task: Task, space: GraphSpace | None = None) -> Self:
        """Any other genome's network as a graph genome."""
        return cls(genome.decode(task), (space or GraphSpace()).for_task(task))

    def take(self, morphism: Morphism) -> None:
        """Applies a morphism, and notes it in `origin`, so that the child's weights can be carried.

        Raises:
            NotApplicable: It does not apply, or its outcome passes a cap of the space.
        """
        child = morphism.rewrite(self.architecture)
        if excess := self.space.excess(child, self.architecture):
            raise NotApplicable(f"{morphism.describe()}: {excess}")
        self.architecture = child
        before = self.origin.morphisms if self.number is None else ()
        self.origin = replace(self.origin, morphisms=(*before, morphism))

    def outside_space(self) -> str:
        """A cap that it passes."""
        return self.space.excess(self.architecture) or ""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # the architecture is never changed, and so it is shared
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, GraphGenome)
            and self.architecture == other.architecture
            and self.space == other.space
        )

    __hash__ = None  # type: ignore[assignment]

    def decode(self, task: Task) -> Architecture:
        net = self.architecture.copy()
        if net.shape(net.input) != task.input_shape:
            net.replace(net.input, Input(task.input_shape))
        if net.shape(net.output) != (task.classes,):
            head = net.layer(net.output)
            if not isinstance(head, Linear):
                raise UserError(
                    f"graph genotype: its output {net.output!r} ({head.kind}) gives {net.shape(net.output)}, "
                    f"expected {task.classes} classes"
                )
            net.replace(net.output, replace(head, out_features=task.classes))
        return net

    def key(self) -> str:
        return self.architecture.key()

    def to_dict(self) -> dict[str, Any]:
        return {"architecture": self.architecture.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: GraphSpace) -> Self:
        if not isinstance(data, Mapping) or "architecture" not in data:
            raise UserError(f"graph genotype: expected an object with an 'architecture', got {data!r:.80}")
        return cls(Architecture.from_dict(data["architecture"]), space)

    def summary(self) -> str:
        """How many layers of which kinds: the whole text is long."""
        kinds = Counter(self.architecture.layer(name).kind for name in self.architecture)
        parts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return f"{len(self.architecture)} layers: {parts}; in full: evonas draw, or --json"

    def draw(self, path: Any, task: Task | None = None) -> Any:
        """Draws the network as SVG, by default for the images that it was made for."""
        return (self.architecture if task is None else self.decode(task)).draw(path)
