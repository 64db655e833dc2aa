"""Calibration of normalisation layers that a morphism inserted, on one batch, before training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..errors import UserError


@torch.no_grad()
def calibrate(network: nn.Module, nodes: Sequence[str], batch: Tensor) -> None:
    """Gives inserted normalisations the statistics of what they read, and leaves the function as it is.

    An inserted normalisation undoes itself in evaluation mode only: in training it would normalise what its
    parent did not. So the mean and variance of what reaches it are measured in one forward pass, in which the
    other normalisations use the batch's statistics as they will in training, and its scale and shift are
    restated so that it still computes in evaluation mode what it did (Net2Net's deeper layers; Cai et al.
    2018 use one batch of 64). The other buffers are restored, and nothing random takes part.

    Args:
        network: Built from the child's architecture, with its weights; changed in place.
        nodes: The inserted normalisations (`Morphism.inserted_normalisations`).
        batch: Normalised training images ``(n, channels, height, width)``, n at least 2, on the network's
            device.

    Raises:
        UserError: A node is no normalisation of the network, or the batch is too small.
    """
    inserted = {node: _normalisation(network, node) for node in nodes}
    if not inserted:
        return
    if batch.dim() != 4 or len(batch) < 2:
        raise UserError(f"calibration batch: expected at least 2 images, got shape {tuple(batch.shape)}")
    measured: dict[str, tuple[Tensor, Tensor]] = {}

    def measure(node: str) -> None:
        def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            value = inputs[0].to(torch.promote_types(inputs[0].dtype, torch.float32))
            # The batch's own variance, by n, is what normalises while training.
            variance, mean = torch.var_mean(value, (0, 2, 3), correction=0)
            measured[node] = mean, variance

        hooks.append(inserted[node].register_forward_pre_hook(note))

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    try:
        for node in inserted:
            measure(node)
        with _batch_statistics(network, inserted.values()):
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    for node, norm in inserted.items():
        _restate(norm, *measured[node])


def _normalisation(network: nn.Module, node: str) -> nn.BatchNorm2d:
    try:
        module = network.get_submodule(node)
    except AttributeError:
        raise UserError(f"calibration: {node!r} is no node of the network that has a module") from None
    if not isinstance(module, nn.BatchNorm2d):
        raise UserError(f"calibration: expected a normalisation in {node!r}, got {type(module).__name__}")
    return module


@contextmanager
def _batch_statistics(network: nn.Module, apart: Iterable[nn.Module]) -> Iterator[None]:
    """Lets all normalisations but some use the batch's statistics; modes and buffers are restored."""
    modes = {module: module.training for module in network.modules()}
    buffers = {buffer: buffer.clone() for buffer in network.buffers()}
    held = set(apart)
    try:
        network.eval()  # dropout would draw
        for module in modes:
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and module not in held:
                module.train()
        yield
    finally:
        for module, training in modes.items():
            module.training = training
        for buffer, before in buffers.items():
            buffer.copy_(before)


def _restate(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Gives a normalisation other statistics, and the scale and shift with which it stays the same map."""
    old_mean, old_variance = norm.running_mean, norm.running_var
    if old_mean is None or old_variance is None:
        raise UserError("calibration: expected a normalisation that keeps running statistics")
    mean, variance = mean.to(old_mean), variance.to(old_variance)
    slope = norm.weight / torch.sqrt(old_variance + norm.eps)
    norm.bias.copy_(norm.bias + slope * (mean - old_mean))
    norm.weight.copy_(slope * torch.sqrt(variance + norm.eps))
    old_mean.copy_(mean)
    old_variance.copy_(variance)
