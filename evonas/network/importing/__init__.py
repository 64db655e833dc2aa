"""PyTorch models of one's own, with their weights, as architectures.

`from_module` is what `Architecture.from_module` calls, `read_program` reads a ``.pt2`` file for it.

How a model passes: `trace` (a graph of calls, and what each gave for an example) -> `channels_last` (which
images have their channels last) -> `assemble` (a layer for each call), which asks `modules` or `functions`;
those share `windows` (convolution, pooling, resizing), `edges` (padding, slices), `pointwise` (activations,
batch normalisation, dropout, the linear map), `normalising` (of each example), `orders` (of axes) and
`arithmetic` (sums, products, joins), and answer with a `part`. `joining` and `folding` make one layer of what
a model has as several. `naming` makes names of the paths of modules.

What has no layer is refused by name, never left out: attention, recurrence, other permutations of axes,
weights that two layers share, and whatever depends on the images' content.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.export import ExportedProgram

from ...architecture import Architecture
from ...errors import UserError
from ..network import build
from .assemble import assemble
from .channels_last import channels_first
from .trace import Traced, read_program, trace

__all__ = ["from_module", "read_program"]

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
"""The largest difference of outputs, relative to their spread; 0.05 for lower precision."""


def from_module(
    model: nn.Module | ExportedProgram, example: torch.Tensor | None = None
) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Makes an architecture and its weights of a model; see `Architecture.from_module`.

    Normalisation of the images by constants becomes a depthwise convolution, stochastic depth a `DropPath`
    that the training plan steers, and batch normalisation without a scale one with a scale of ones. The
    counters of batches are dropped.

    Args:
        model: Maps a batch of images to logits.
        example: A batch as the model reads it; programs bring their own.

    Returns:
        The architecture, and tensors by ``node.tensor``.

    Raises:
        UserError: A part of the model cannot be represented, which the message names.
    """
    traced = trace(model, example)
    net, weights = assemble(channels_first(traced))
    images = _examples(model, example)
    _compare(net, weights, images, traced)
    return net, weights


def _examples(model: nn.Module | ExportedProgram, example: torch.Tensor | None) -> torch.Tensor:
    if example is None and isinstance(model, ExportedProgram):
        example = model.example_inputs[0][0]
    if example is None:
        raise UserError("example: expected a batch of images, got None")
    return example


def _compare(
    net: Architecture, weights: dict[str, torch.Tensor], images: torch.Tensor, traced: Traced
) -> None:
    """Checks that what is built computes the same."""
    expected = traced.expected
    network = build(net, weights=weights, dtype=expected.dtype).to(expected.device).eval()
    with torch.no_grad():
        outputs = network(images)
    spread = float(expected.max() - expected.min()) or 1.0
    gap = float((outputs - expected).abs().max()) / spread
    if not gap <= TOLERANCE.get(expected.dtype, 0.05):
        raise UserError(
            f"model: what is built of it gives other outputs, by {gap:.2g} of their spread: something that "
            "the trace does not see changes them, such as a hook or a random number"
        )
