"""`torch.compile`, for trainings that are long enough to earn back what compiling costs.

A search never compiles: each candidate would take longer to compile than to train.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..architecture.layers import DroppedPath
from ..errors import UserError
from ..search import reason_of, wants_memory
from .auxiliary import split_logits
from .device import Compute


def compiled(module: nn.Module, batch: Tensor, labels: Tensor, compute: Compute) -> tuple[nn.Module, float]:
    """Compiles a module for training on batches of one shape, forward and backward, before it is trained.

    So what the compiler refuses is known at once, and its time does not count as training. Tensors of the
    module and random numbers are afterwards as they were before.

    Args:
        module: On its device; dropped paths, whose probability changes at every step, stay as they are.
        batch: Images of the shape that it will be trained on.
        labels: Of as many images.
        compute: Device and precision.

    Returns:
        The compiled module, which shares all tensors with the given one, and the seconds it took.

    Raises:
        UserError: The compiler refuses it, or there is none.
    """
    began = time.perf_counter()
    for part in module.modules():
        if isinstance(part, DroppedPath):
            part.forward = torch.compiler.disable(part.forward)  # type: ignore[method-assign, no-untyped-call]
    result: nn.Module = torch.compile(module, dynamic=False)  # type: ignore[assignment]
    module.train()
    with _unchanged(module, compute):
        try:
            with compute.autocast():
                outputs = [one for one in split_logits(result(batch)) if one is not None]
                losses = [F.cross_entropy(one.float(), labels) for one in outputs]
            torch.autograd.backward(losses)
        except Exception as error:
            raise _refusal(error) from error
    return result, time.perf_counter() - began


@contextmanager
def _unchanged(module: nn.Module, compute: Compute) -> Iterator[None]:
    """Restores normalisation statistics, gradients and random numbers."""
    before = {name: buffer.clone() for name, buffer in module.named_buffers()}
    devices = [compute.device] if compute.device != "cpu" else []
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        with torch.no_grad():
            for name, buffer in module.named_buffers():
                buffer.copy_(before[name])
        for parameter in module.parameters():
            parameter.grad = None


def _refusal(error: Exception) -> Exception:
    """What to say of an error in the first step of a compiled module."""
    inner = getattr(error, "inner_exception", None) or error
    reason = reason_of(inner)
    if wants_memory(reason):
        return inner if isinstance(inner, Exception) else error
    return UserError(
        f"compile: torch.compile failed: {reason}; without it the same network is trained, uncompiled"
    )
