"""How much memory a training on a plan takes: its arena, and what PyTorch keeps besides in the islands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ...architecture import Architecture
from ..memory import Footprint, footprint
from ..plan import Plan
from .evaluating import AT_ONCE
from .islands import Layered, LibraryConvolution
from .matching import Matched
from .operation import Operation
from .plan import FLOAT, plan_step


@dataclass(frozen=True)
class PlannedFootprint(Footprint):
    """As `Footprint`, of a training on a plan.

    Attributes:
        matched: What computes the network.
        islands: For each image, what PyTorch keeps besides the arena, in bytes.
    """

    matched: Matched = field(default_factory=Matched)
    islands: int = 0

    def training(self, images: int, kept: int | None = None) -> int:
        kept = plan_step(self.matched, images).bytes + images * self.islands if kept is None else kept
        return self.weights + kept + images * self.passing

    def evaluation(self, images: int) -> int:
        return self.weights + plan_step(self.matched.alone(), min(images, AT_ONCE), training=False).bytes


def planned_footprint(architecture: Architecture, matched: Matched, plan: Plan) -> PlannedFootprint:
    """Estimates the memory of a training on a plan, without tensors.

    Args:
        architecture: The network's.
        matched: What computes it, a second classifier included.
        plan: Whether there is momentum.
    """
    weights = footprint(architecture, plan).weights
    islands = sum(FLOAT * _kept(one, architecture) for one in matched.operations if isinstance(one, Layered))
    passing = max((FLOAT * _passing(one) for one in matched.operations), default=0)
    return PlannedFootprint(weights, 0, 0, passing, 0, matched, islands)


def _kept(layered: Layered, architecture: Architecture) -> int:
    """Numbers of an image that autograd keeps for a layer, where they do not lie in the arena."""
    if layered.output not in architecture:  # of a second classifier
        return 0
    layer = architecture.layer(layered.output)
    numbers, integers = layer.keeps_besides(list(layered.shapes))
    return numbers + 2 * integers + math.prod(layered.shape) * (layer.keeps in ("output", "both"))


def _passing(operation: Operation) -> int:
    """Numbers of an image that are made beside the arena for a moment."""
    if not isinstance(operation, Layered | LibraryConvolution):
        return 0
    return math.prod(operation.shape) + sum(map(math.prod, operation.shapes))
