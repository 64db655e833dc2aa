"""A plan: all calls of a step, and where everything lies; known before there are tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .layout import lay_out
from .matching import Matched
from .recording import Buffer, Recorder

FLOAT = 4
"""Bytes."""


@dataclass(frozen=True)
class StepPlan:
    """The calls of a step for batches of one size.

    Attributes:
        matched: What is computed.
        recorder: The calls.
        floats: Of the arena.
    """

    matched: Matched
    recorder: Recorder
    floats: int

    @property
    def image(self) -> Buffer:
        """Where images enter."""
        return self.recorder.value(self.matched.image)

    @property
    def outputs(self) -> list[Buffer]:
        """Logits."""
        return [self.recorder.value(name) for name in self.matched.outputs]

    @property
    def seeds(self) -> list[Buffer]:
        """Where the gradients of the logits enter."""
        return [self.recorder.gradient(name) for name in self.matched.outputs]

    @property
    def bytes(self) -> int:
        """Of the arena."""
        return FLOAT * self.floats


def plan_step(matched: Matched, images: int, training: bool = True) -> StepPlan:
    """Plans a step, once for each number of images.

    Args:
        matched: What is computed.
        images: In a batch.
        training: Whether gradients are computed, and normalisation takes the batch's statistics.
    """
    plans = matched.plans
    if (images, training) not in plans:
        plans[images, training] = _planned(matched, images, training)
    found: StepPlan = plans[images, training]
    return found


def _planned(matched: Matched, images: int, training: bool) -> StepPlan:
    to = Recorder(images, training)
    to.make(matched.image, math.prod(matched.shape)).used(0)
    to.without_gradient(matched.image)
    for operation in matched.operations:
        operation.forward(to)
    for name in matched.outputs:
        to.value(name).used(to.turn)  # the loss reads them
    if training:
        to.going_back = True
        for name in matched.outputs:
            to.towards(name)[0].used(to.turn)
        for operation in reversed(matched.operations):
            operation.backward(to)
    return StepPlan(matched, to, lay_out(to.buffers))
