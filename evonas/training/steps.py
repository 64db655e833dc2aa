"""One step of an optimiser: forward, backward and update, the same eagerly and from a CUDA graph."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .auxiliary import split_logits
from .device import Compute
from .memory import Kept
from .momentum import start_at_rest
from .plan import Plan

WARM_UP = 3
"""Steps before one is captured, in which libraries choose their algorithms and momentum comes to be."""

capturing = threading.Lock()
"""Held while a step is captured: of all threads of a process one captures, and none empties the cache."""


def optimiser_for(network: nn.Module, plan: Plan, rate: float | Tensor | None = None) -> torch.optim.SGD:
    """SGD with Nesterov momentum; weight decay on filters and matrices alone.

    Args:
        network: Whose parameters are updated.
        plan: Momentum and weight decay.
        rate: The learning rate, on the device where it is a tensor; by default the plan's.
    """
    decayed = [p for p in network.parameters() if p.dim() > 1]
    free = [p for p in network.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=plan.learning_rate if rate is None else rate,
        momentum=plan.momentum,
        nesterov=plan.momentum > 0,
        fused=True,
    )


class Step:
    """One step after the other, eagerly.

    Args:
        network: Trained in place; where it also gives the logits of an auxiliary head, their loss is added
            with the plan's weight.
        plan: How.
        compute: Device and precision. In float16 the loss is scaled, so that small gradients are not lost.
        part: Images that are worked on at a time: of a larger batch, the gradients of several parts are
            summed. Normalisation then uses each part's statistics.
    """

    def __init__(self, network: nn.Module, plan: Plan, compute: Compute, part: int) -> None:
        self.network = network
        self.plan = plan
        self.compute = compute
        self.part = part
        self.kept = 0
        """Bytes that the first forward pass kept for its backward pass."""
        self.trouble = ""
        """Why steps were not captured, where that was tried."""
        self.optimiser = optimiser_for(network, plan, self._first_rate())
        self._parameters = list(network.parameters())
        self._scaler = torch.amp.GradScaler(compute.kind) if compute.precision == "float16" else None
        if self._scaler is not None:
            start_at_rest(self.optimiser)
        self._done = 0

    def _first_rate(self) -> float | Tensor:
        return self.plan.learning_rate

    def set_rate(self, rate: float) -> None:
        """Sets the learning rate of the next step."""
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        """Makes a step.

        Returns:
            The mean loss, without a history.
        """
        self._done += 1
        return self._update(images, labels)

    def _update(self, images: Tensor, labels: Tensor) -> Tensor:
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._gradients(images, labels)
        if self.plan.gradient_clip:
            if self._scaler is not None:
                self._scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self._parameters, self.plan.gradient_clip)
        if self._scaler is None:
            self.optimiser.step()
        else:
            self._scaler.step(self.optimiser)
            self._scaler.update()
        return loss

    def _gradients(self, images: Tensor, labels: Tensor) -> Tensor:
        """Sums the gradients of all parts of a batch."""
        total: Tensor | None = None
        for start in range(0, len(images), self.part):
            there = slice(start, start + self.part)
            with nullcontext() if self.kept else self._measured():
                loss = self._loss(images[there], labels[there])
            if self.part < len(images):
                loss = loss * (len(labels[there]) / len(labels))
            torch.autograd.backward([loss if self._scaler is None else self._scaler.scale(loss)])
            total = loss.detach() if total is None else total + loss.detach()
        return total if total is not None else torch.zeros(())

    @contextmanager
    def _measured(self) -> Iterator[None]:
        kept = Kept(self.network)
        with kept.measured():
            yield
        self.kept = kept.bytes

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Cross entropy, the auxiliary head's included where there is one."""
        with self.compute.autocast():
            logits, auxiliary = split_logits(self.network(images))
            return self._loss_of(logits, auxiliary, labels)

    def _loss_of(self, logits: Tensor, auxiliary: Tensor | None, labels: Tensor) -> Tensor:
        plan = self.plan
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=plan.label_smoothing)
        if auxiliary is not None:
            aside = F.cross_entropy(auxiliary.float(), labels, label_smoothing=plan.label_smoothing)
            loss = loss + plan.auxiliary * aside
        return loss


class CapturedStep(Step):
    """Replays one captured step: small networks on a GPU wait for the launching of their kernels.

    The first steps run eagerly and are steps like the others; then one is captured in a CUDA graph, which
    takes a fraction of a second, and replayed on the stream that is current. A network that cannot be
    captured, since something in it asks the device for a number, is trained eagerly, and `trouble` says why.

    Args:
        network: On a CUDA device.
        plan: How.
        compute: Device and precision.
        part: Images that are worked on at a time.
        generators: On the device, from which layers draw in each step.
    """

    def __init__(
        self,
        network: nn.Module,
        plan: Plan,
        compute: Compute,
        part: int,
        generators: list[torch.Generator],
    ) -> None:
        super().__init__(network, plan, compute, part)
        self._generators = generators
        self._graph: torch.cuda.CUDAGraph | None = None
        self._images = self._labels = self._loss_there = torch.empty(0)

    def _first_rate(self) -> Tensor:
        # A number would be captured with the step.
        return torch.tensor(self.plan.learning_rate, device=self.compute.device)

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        if self._graph is None and self._done >= WARM_UP and not self.trouble:
            self._capture(images, labels)
        if self._graph is None or images.shape != self._images.shape:
            return super().__call__(images, labels)
        self._images.copy_(images)
        self._labels.copy_(labels)
        self._graph.replay()
        self._done += 1
        return self._loss_there.clone()

    def _capture(self, images: Tensor, labels: Tensor) -> None:
        """Captures a step; nothing is computed by that."""
        self._images, self._labels = images.clone(memory_format=torch.preserve_format), labels.clone()
        self.optimiser.zero_grad(set_to_none=True)  # so that gradients come to lie in the graph's own memory
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        with capturing:
            torch.cuda.current_stream().synchronize()
            graph.capture_begin(capture_error_mode="thread_local")  # other threads go on meanwhile
            try:
                self._loss_there = self._update(self._images, self._labels)
            except RuntimeError as error:
                if isinstance(error, torch.cuda.OutOfMemoryError):
                    raise
                self.trouble = str(error).partition("\n")[0]
            finally:
                self._end(graph)
        if self.trouble:
            self.optimiser.zero_grad(set_to_none=True)
        else:
            self._graph = graph

    def _end(self, graph: torch.cuda.CUDAGraph) -> None:
        try:
            graph.capture_end()
        except RuntimeError as error:  # what has failed within makes its end fail, too
            self.trouble = self.trouble or str(error).partition("\n")[0]


def step_for(
    network: nn.Module,
    plan: Plan,
    compute: Compute,
    part: int,
    generators: list[torch.Generator],
) -> Step:
    """What trains a network on its device, by PyTorch alone."""
    if compute.kind == "cuda" and compute.capture:
        return CapturedStep(network, plan, compute, part, generators)
    return Step(network, plan, compute, part)
