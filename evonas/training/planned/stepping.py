"""A step of the optimiser on a plan."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..device import Compute
from ..memory import Kept
from ..plan import Plan
from ..steps import Step
from .matching import Matched
from .places import Gradients
from .plan import StepPlan, plan_step
from .tape import Tape


class PlannedStep(Step):
    """Steps whose forward and backward passes run on a plan; the loss and the update are PyTorch's.

    Args:
        network: Trained in place, on a CPU, in float32.
        plan: How.
        compute: Device and precision.
        part: Images that are worked on at a time.
        matched: What computes the network.
    """

    def __init__(self, network: nn.Module, plan: Plan, compute: Compute, part: int, matched: Matched) -> None:
        super().__init__(network, plan, compute, part)
        self._matched = matched
        self._room = Gradients(network)
        self._arena = np.zeros(0, dtype=np.float32)
        self._tapes: dict[int, Tape] = {}

    def _tape(self, images: int) -> Tape:
        """What works on so many images; all share one arena."""
        if images not in self._tapes:
            plan = plan_step(self._matched, images)
            if plan.floats > len(self._arena):
                self._arena = arena_for(plan)
                self._tapes.clear()  # they lie in the one before
            self._tapes[images] = Tape(plan, self.network, self._arena, self._room)
        return self._tapes[images]

    def _gradients(self, images: Tensor, labels: Tensor) -> Tensor:
        total = torch.zeros(())
        summed: Tensor | None = None
        for start in range(0, len(images), self.part):
            there = slice(start, start + self.part)
            loss = self._of_part(images[there], labels[there], len(labels))
            total = total + loss
            if self.part < len(images):
                summed = self._room.whole.clone() if summed is None else summed.add_(self._room.whole)
        if summed is not None:
            self._room.whole.copy_(summed)
        self._room.give()
        return total

    def _of_part(self, images: Tensor, labels: Tensor, whole: int) -> Tensor:
        """A part's share of the loss; its gradients lie in their room."""
        tape = self._tape(len(images))
        if self.kept:
            logits = tape.forward(images)
        else:
            kept = Kept(self.network, (self._arena.ctypes.data, self._arena.nbytes))
            with kept.measured():
                logits = tape.forward(images)
            self.kept = self._arena.nbytes + kept.bytes
        leaves = [one.detach().clone().requires_grad_() for one in logits]
        auxiliary = leaves[1] if len(leaves) > 1 else None
        loss = self._loss_of(leaves[0], auxiliary, labels)
        if len(labels) < whole:
            loss = loss * (len(labels) / whole)
        torch.autograd.backward([loss])
        tape.backward([leaf.grad for leaf in leaves if leaf.grad is not None])
        return loss.detach()


def arena_for(plan: StepPlan) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Room for a plan's buffers, of zeros: what no kernel fills is a number."""
    return np.zeros(plan.floats, dtype=np.float32)
