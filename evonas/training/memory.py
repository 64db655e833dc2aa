"""How much memory a training takes: estimated from the architecture, and measured in its first step.

Candidates that share a device are let in while their estimates fit, and a batch that would not fit is cut
into parts. What decides on results, the size of the parts, comes from the estimate alone; what was measured
only corrects how many candidates run side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..architecture import Architecture, TooLargeError
from ..files import size_text
from .plan import Plan

LEAST_PART = 8
"""Images in the smallest part that a batch is cut into: normalisation needs some."""

EVALUATION_BATCH = 512
"""Images that are evaluated at a time, where there is room."""

FRONTIER = 3
"""Gradients of activations that live at a time in a backward pass, in tensors of the largest size."""

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Of one activation, by precision."""


@dataclass(frozen=True)
class Footprint:
    """The memory that training and evaluating one network takes, in bytes.

    Attributes:
        weights: Parameters, their gradients and the optimiser's momentum, and buffers.
        casts: Copies of the parameters in the precision of the activations.
        kept: For each image of a batch, what the forward pass keeps for the backward pass.
        passing: For each image of a batch, gradients that live for a moment.
        alive: For each image that is evaluated, activations that live at a time.
    """

    weights: int
    casts: int
    kept: int
    passing: int
    alive: int

    def training(self, images: int, kept: int | None = None) -> int:
        """With so many images in a step; given what it really kept, which includes the casts, with that."""
        kept = self.casts + images * self.kept if kept is None else kept
        return self.weights + kept + images * self.passing

    def evaluation(self, images: int) -> int:
        """With so many images at a time; gradients and momentum have not been let go."""
        return self.weights + self.casts + images * self.alive


@dataclass(frozen=True)
class Parts:
    """How many images are worked on at a time.

    Attributes:
        training: In a step; several steps' gradients are summed where the batch is larger.
        evaluation: In an evaluation.
        memory: The bytes that both keep below.
    """

    training: int
    evaluation: int
    memory: int


def footprint(architecture: Architecture, plan: Plan, precision: str = "float32") -> Footprint:
    """Estimates the memory of a training, without tensors.

    Kept are the tensors that each kind of layer needs for its gradients (`Layer.keeps`), each once however
    many layers read it. Work space of the libraries, some megabytes, is left out.

    Args:
        architecture: The network's.
        plan: Whether there is momentum.
        precision: Of the activations.
    """
    shapes = architecture.shapes()
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    each = BYTES[precision]
    parameters = architecture.parameter_count()
    buffers = sum(math.prod(shape) for shape in architecture.buffers().values())
    copies = 3 if plan.momentum else 2
    weights = 4 * (copies * parameters + buffers)
    casts = each * parameters if each < 4 else 0
    kept = each * sum(sizes[name] for name in _kept(architecture))
    for name in architecture:
        numbers, integers = architecture.layer(name).keeps_besides(architecture.input_shapes(name))
        kept += each * numbers + 8 * integers
    alive = each * _most_alive(architecture, sizes)
    return Footprint(weights, casts, kept, FRONTIER * each * max(sizes.values()), alive)


def _kept(architecture: Architecture) -> set[str]:
    """The nodes whose outputs are kept for gradients."""
    origin: dict[str, str] = {}
    kept: set[str] = set()
    for name in architecture:
        layer, inputs = architecture.layer(name), architecture.inputs(name)
        passed_on = layer.keeps == "view" or (layer.arity is None and len(inputs) == 1)  # a sum of one
        origin[name] = origin[inputs[0]] if passed_on else name
        if layer.keeps in ("input", "both"):
            kept.update(origin[source] for source in inputs)
        if layer.keeps in ("output", "both"):
            kept.add(origin[name])
    return kept


def _most_alive(architecture: Architecture, sizes: dict[str, int]) -> int:
    """The most numbers that are alive at a time while an image is evaluated in the order of the nodes."""
    readers = {name: len(set(architecture.readers(name))) for name in architecture}
    alive = most = 0
    for name in architecture:
        alive += sizes[name]
        most = max(most, alive)
        for source in set(architecture.inputs(name)):
            readers[source] -= 1
            if not readers[source]:
                alive -= sizes[source]
    return most


def parts(estimate: Footprint, batch: int, limit: int | None) -> Parts:
    """How a training is cut up so that it stays within a limit.

    Args:
        estimate: Of its network.
        batch: Images of one step of the optimiser, which stays as it is.
        limit: Bytes; None for no limit.

    Raises:
        TooLargeError: Even the smallest parts take more.
    """
    least = min(batch, LEAST_PART)
    training = next(_sizes(estimate.training, batch, least, limit), None)
    evaluation = next(_sizes(estimate.evaluation, EVALUATION_BATCH, least, limit), None)
    if training is None or evaluation is None:
        needed = max(estimate.training(least), estimate.evaluation(least))
        raise TooLargeError(
            f"rejected before training: {size_text(needed)} of memory with parts of {least} images, "
            f"more than max_memory {size_text(limit or 0)}"
        )
    return Parts(training, evaluation, max(estimate.training(training), estimate.evaluation(evaluation)))


def _sizes(memory: Callable[[int], int], whole: int, least: int, limit: int | None) -> Iterator[int]:
    """Sizes of the parts that a batch can be cut into and that fit, the largest first."""
    for pieces in range(1, whole // least + 1):
        size = -(-whole // pieces)
        if limit is None or memory(size) <= limit:
            yield size


class Kept:
    """Measures what a forward pass keeps for its backward pass, of all threads this one alone.

    Args:
        network: Whose own tensors do not count.
        arena: The address and the bytes of memory that does not count either.

    Attributes:
        bytes: That were kept, without the network's own tensors.
    """

    def __init__(self, network: nn.Module, arena: tuple[int, int] = (0, 0)) -> None:
        self._arena = range(arena[0], arena[0] + arena[1])
        own = (*network.parameters(), *network.buffers())
        self._own = {tensor.untyped_storage().data_ptr() for tensor in own}
        self._seen: dict[int, int] = {}

    @property
    def bytes(self) -> int:
        """In all."""
        return sum(self._seen.values())

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Notes what is kept within."""
        with torch.autograd.graph.saved_tensors_hooks(self._note, lambda tensor: tensor):
            yield

    def _note(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._own and storage.data_ptr() not in self._arena:
            self._seen[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # itself would be a cycle of references
