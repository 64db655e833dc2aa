"""The settings of the graph space: where it begins, and what no network may pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from ...architecture import Architecture
from ...evolution import Space
from ...files import AtLeastOne, check
from ...task import Task

IMAGE, CLASSES = (3, 32, 32), 10
"""What a network is made for where no task says otherwise: CIFAR-10."""

_Three = Annotated[
    tuple[AtLeastOne, AtLeastOne, AtLeastOne], Meta(description="three whole numbers of at least 1")
]


@dataclass(frozen=True)
class GraphSpace(Space):
    """Settings of the space. Networks only grow; caps end that: a morphism that passes one does not apply.

    Attributes:
        image: Channels, height and width of an image; None for those of the task.
        classes: Likewise.
        filters: Of the first model's three convolutions. The paper does not give them.
        max_parameters: Of a network.
        max_flops: Floating-point operations for one image.
        max_nodes: Layers, inputs and outputs included.

    Raises:
        UserError: A number is not positive.
    """

    image: _Three | None = None
    classes: Annotated[int, Meta(ge=2)] | None = None
    filters: _Three = (32, 64, 128)
    max_parameters: AtLeastOne = 50_000_000
    max_flops: AtLeastOne = 5_000_000_000
    max_nodes: AtLeastOne = 1000

    def __post_init__(self) -> None:
        check(self, "graph ")

    def for_task(self, task: Task) -> GraphSpace:
        return replace(self, image=self.image or task.input_shape, classes=self.classes or task.classes)

    @property
    def task(self) -> Task:
        """What the first model is made for."""
        return Task(*(self.image or IMAGE), self.classes or CLASSES)

    def excess(self, child: Architecture, parent: Architecture | None = None) -> str | None:
        """Which cap a network passes, and with a parent, passes by growing; in words, or None."""
        for name, cap, measure in (
            ("nodes", self.max_nodes, len),
            ("parameters", self.max_parameters, Architecture.parameter_count),
            ("FLOPs", self.max_flops, Architecture.flops),
        ):
            value = measure(child)
            if value > cap and (parent is None or value > measure(parent)):
                return f"{value:,} {name}, above the cap of {cap:,}"
        return None
