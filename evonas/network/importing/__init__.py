"""PyTorch models of one's own, with their weights, as architectures.

`from_module` is what `Architecture.from_module` calls, `read_program` reads a ``.pt2`` file for it.

How a model passes: `trace` (a graph of calls, and what each gave for an example) -> `channels_last` (which
images have their channels last) -> `assemble` (a layer for each call). A trace is a run: `watching` notes the
calls of a module, `programs` those of a program, and `memory` makes a graph of them in which nothing is
changed in place (`views`); `unseen` shows a watch what TorchScript calls. `trials` runs a module again with
another number of images (`counts`), since it may do nothing else then; `lines` says where in the user's files
something is.

`assemble` asks `modules` or `functions`; those share `windows` (convolution, pooling, resizing), `edges`
(padding, slices), `pointwise` (activations, batch normalisation, dropout, the linear map), `normalising` (of
each example), `orders` (of axes), `arithmetic` (sums, products, joins), and answer with a `part`. `joining`
and `folding` make one layer of what a model has as several. `layerwise` checks each layer beside its call, by
itself. `naming` makes names of the paths of modules.

What has no layer is refused by name, never left out: attention, recurrence, other permutations of axes,
weights that two layers share, and whatever depends on the images' content.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.export import ExportedProgram

from ...architecture import Architecture
from ...errors import UserError
from ..network import build
from .assemble import assemble
from .channels_last import channels_first
from .layerwise import TOLERANCE
from .programs import example_of, read_program
from .trace import Traced, trace

__all__ = ["example_of", "from_module", "read_program"]


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
    """Checks that what is built computes the same, for the example and for other images, one more."""
    network = build(net, weights=weights, dtype=traced.expected.dtype).to(traced.expected.device).eval()
    with torch.no_grad():
        _same(network(images), traced.expected, "it was read with", traced)
        generator = torch.Generator().manual_seed(0)
        for count in (len(images) + 1, len(images)):
            others = torch.randn(count, *images.shape[1:], generator=generator).to(images)
            expected = _expected(traced, others)
            if expected is not None:
                _same(network(others), expected, f"{count} random ones", traced)
                return


def _expected(traced: Traced, images: torch.Tensor) -> torch.Tensor | None:
    """What the model itself gives; None if it does not read so many images, or such ones."""
    try:
        return traced.logits(images.clone())
    except Exception:  # the model's own
        return None


def _same(outputs: torch.Tensor, expected: torch.Tensor, which: str, traced: Traced) -> None:
    spread = float(expected.max() - expected.min()) or 1.0
    gap = float((outputs - expected).abs().max()) / spread if outputs.shape == expected.shape else math.inf
    if not gap <= TOLERANCE.get(expected.dtype, 0.05):
        reason = (
            "it changes its own tensors while it computes, and an architecture has constants there"
            if traced.unsteady
            else "something that the trace does not see changes them, such as a random number, or what is "
            "computed in TorchScript"
        )
        raise UserError(
            f"model: what is built of it gives other outputs for images ({which}), by {gap:.2g} of their "
            f"spread: {reason}"
        )
