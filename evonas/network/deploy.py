"""From a trained architecture to a network that reads raw images: normalisation becomes its first layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..architecture import Architecture
from ..architecture.layers import Conv2d
from ..task import Pixels, Statistics

if TYPE_CHECKING:
    import torch
    from torch import nn

NODE = "normalise"


@dataclass(frozen=True)
class Deployable:
    """A trained network that needs nothing but images as the dataset has them.

    Attributes:
        architecture: Reads images in their own units (bytes from 0 to 255, say), as floats.
        weights: Its tensors, by ``node.tensor``.
        classes: The names of the outputs.
        pixels: What the values of images are; None where that is not known.
        statistics: How they were spread in training; None where that is not known.
    """

    architecture: Architecture
    weights: Mapping[str, torch.Tensor]
    classes: tuple[str, ...] = ()
    pixels: Pixels | None = None
    statistics: Statistics | None = None

    def network(self) -> nn.Module:
        """A plain module in evaluation mode: floats ``(n, channels, height, width)`` to logits."""
        from .network import build

        return build(self.architecture, weights=self.weights).eval()


def put_in_front(architecture: Architecture, name: str) -> None:
    """Puts a 1×1 depthwise convolution with a bias between the images and all that reads them, in place.

    Args:
        architecture: Changed.
        name: Of the new node.
    """
    image, output = architecture.input, architecture.output
    readers = {reader: architecture.inputs(reader) for reader in architecture.readers(image)}
    architecture.add(name, Conv2d(kernel=1, depthwise=True, bias=True), image)
    for reader, inputs in readers.items():
        architecture.rewire(reader, *(name if source == image else source for source in inputs))
    architecture.output = output


def deployable(
    architecture: Architecture,
    weights: Mapping[str, torch.Tensor],
    statistics: Statistics,
    classes: tuple[str, ...] = (),
    pixels: Pixels | None = None,
) -> Deployable:
    """Puts (image - mean) / std in front, as a 1×1 depthwise convolution.

    Args:
        architecture: Reads normalised images.
        weights: Its tensors.
        statistics: Mean and standard deviation of each channel, in the images' units.
        classes: The names of the outputs.
        pixels: What the values of images are; None where that is not known.
    """
    import torch

    whole = architecture.unsteered()
    put_in_front(whole, NODE)
    std = torch.tensor(statistics.std, dtype=torch.float64)
    mean = torch.tensor(statistics.mean, dtype=torch.float64)
    tensors = {
        **weights,
        f"{NODE}.weight": (1 / std).float().view(-1, 1, 1, 1),
        f"{NODE}.bias": (-mean / std).float(),
    }
    return Deployable(whole, tensors, classes, pixels, statistics)
