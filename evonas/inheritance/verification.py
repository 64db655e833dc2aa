"""Holding a child to its morphisms' claim while a search runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor, nn

TOLERANCE = 1e-3
"""The largest difference of logits, as a share of their spread over images, in float32."""

IMAGES = 64


class InBatches(Protocol):
    """Images that come in batches, each with its labels."""

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All of them, in batches of a size."""


class FunctionChangedError(Exception):
    """A child of morphisms that claim to preserve the function computes another one."""


def spread_of(outputs: torch.Tensor) -> float:
    """How much outputs depend on the input: the standard deviation over a batch, the median over logits.

    Networks with random weights are nearly constant functions, so a difference relative to the outputs
    themselves would flatter. The median is neither that of a logit that hardly moves nor of the liveliest.
    """
    return float(outputs.std(0).median())


@torch.no_grad()
def check_same_function(parent: nn.Module, child: nn.Module, images: InBatches) -> float:
    """Compares parent and child on a few images, in evaluation mode and on the CPU.

    Args:
        parent: The parent's network.
        child: The child's, before calibration and training; left as it was.
        images: Validation images.

    Returns:
        The largest difference of logits, as a share of their spread over the images.

    Raises:
        FunctionChangedError: It is above 0.001.
    """
    batch = next(iter(images.batches(IMAGES)))[0].float().cpu()
    parent.eval()
    outputs = parent(batch)
    training = child.training
    difference = float((child.eval()(batch) - outputs).abs().max())
    child.train(training)
    whole = spread_of(outputs) if len(batch) > 1 else float(outputs.abs().max())
    gap = difference / max(whole, torch.finfo(outputs.dtype).tiny)
    if (
        not gap <= TOLERANCE
        and not difference <= torch.finfo(outputs.dtype).eps * float(outputs.abs().max()) * 64
    ):
        raise FunctionChangedError(
            "the morphisms of this child changed the function: its logits differ from the parent's by "
            f"{gap:.2g} of their spread over {len(batch)} images, expected at most {TOLERANCE:g}"
        )
    return gap
