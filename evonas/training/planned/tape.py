"""Tape: a plan bound to a network's tensors, ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor as TorchTensor
from torch import nn

from .kernels import Rows, program, run
from .places import Gradients, Places
from .plan import StepPlan
from .recording import Call, Island


class Tape:
    """A plan's calls as programs that run without Python between them, islands aside.

    Args:
        plan: The calls.
        network: With the tensors; they stay where they are.
        arena: At least the plan's floats; several tapes that take turns may share one.
        gradients: Where gradients go; None where there are none.
    """

    def __init__(
        self,
        plan: StepPlan,
        network: nn.Module,
        arena: np.ndarray[Any, Any],
        gradients: Gradients | None = None,
    ) -> None:
        self.plan = plan
        self.places = Places(plan.recorder.images, network, arena, gradients)
        self._forward = self._bound(plan.recorder.forward)
        self._backward = self._bound(plan.recorder.backward)
        matched = plan.matched
        self._image = self.places.values(plan.image, matched.shape)
        shapes = [(buffer.size // plan.recorder.images,) for buffer in plan.outputs]
        self._outputs = [self.places.values(*one) for one in zip(plan.outputs, shapes, strict=True)]
        seeds = plan.seeds if plan.recorder.training else []
        self._seeds = [self.places.values(*one) for one in zip(seeds, shapes, strict=False)]

    def _bound(self, steps: Sequence[Call | Island]) -> list[Rows | Island]:
        """Calls in stretches between islands, their numbers written down."""
        bound: list[Rows | Island] = []
        rows: list[list[int]] = []
        for step in [*steps, None]:
            if isinstance(step, Call):
                given = {name: self.places.number(value) for name, value in step.given.items()}
                rows.append(step.make().row(given))
                continue
            if rows:
                bound.append(program(rows))
                rows = []
            if step is not None:
                bound.append(step)
        return bound

    @torch.no_grad()  # islands say for themselves what they learn from
    def _go(self, steps: Sequence[Rows | Island]) -> None:
        for step in steps:
            if isinstance(step, Island):
                step.run(self.places)
            else:
                run(step)

    def forward(self, images: TorchTensor) -> list[TorchTensor]:
        """Logits of a batch, in room that the next call uses again."""
        self._image.copy_(images)
        self._go(self._forward)
        return self._outputs

    def backward(self, gradients: Sequence[TorchTensor]) -> None:
        """From the gradients of the logits to those of all tensors."""
        for place, gradient in zip(self._seeds, gradients, strict=True):
            place.copy_(gradient)
        self._go(self._backward)
