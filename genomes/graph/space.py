"""The settings of the graph space: where it begins, and what no network may pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...architecture import Architecture
from ...errors import UserError
from ...evolution import Space
from ...task import Task

IMAGE, CLASSES = (3, 32, 32), 10
"""What a network is made for where no task says otherwise: CIFAR-10."""


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

    image: tuple[int, int, int] | None = None
    classes: int | None = None
    filters: tuple[int, ...] = (32, 64, 128)
    max_parameters: int = 50_000_000
    max_flops: int = 5_000_000_000
    max_nodes: int = 1000

    def __post_init__(self) -> None:
        sizes = {"filters": self.filters, "image": self.image or IMAGE}
        for name, value in sizes.items():
            if not isinstance(value, tuple) or len(value) != 3 or not all(_whole(number) for number in value):
                raise UserError(f"graph {name}: expected three whole numbers of at least 1, got {value!r}")
        if self.classes is not None and (not _whole(self.classes) or self.classes < 2):
            raise UserError(f"graph classes: expected a whole number of at least 2, got {self.classes!r}")
        for name in ("max_parameters", "max_flops", "max_nodes"):
            if not _whole(getattr(self, name)):
                value = getattr(self, name)
                raise UserError(f"graph {name}: expected a whole number of at least 1, got {value!r}")

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


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
