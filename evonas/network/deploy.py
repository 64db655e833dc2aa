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

    def network(self, *, double: bool = False) -> nn.Module:
        """A plain module in evaluation mode: floats ``(n, channels, height, width)`` to logits.

        Args:
            double: Whether it computes in float64 instead of float32.
        """
        import torch

        from .network import build

        dtype = torch.float64 if double else torch.float32
        return build(self.architecture, weights=self.weights, dtype=dtype).eval()


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
    *,
    double: bool = False,
) -> Deployable:
    """Puts (image - mean) / std in front, as a 1×1 depthwise convolution.

    Args:
        architecture: Reads normalised images.
        weights: Its tensors.
        statistics: Mean and standard deviation of each channel, in the images' units.
        classes: The names of the outputs.
        pixels: What the values of images are; None where that is not known.
        double: Whether the tensors of this layer are float64, for a network that is built so.
    """
    import torch

    whole = architecture.unsteered()
    put_in_front(whole, NODE)
    std = torch.tensor(statistics.std, dtype=torch.float64)
    mean = torch.tensor(statistics.mean, dtype=torch.float64)
    dtype = torch.float64 if double else torch.float32
    tensors = {
        **weights,
        f"{NODE}.weight": (1 / std).to(dtype).view(-1, 1, 1, 1),
        f"{NODE}.bias": (-mean / std).to(dtype),
    }
    return Deployable(whole, tensors, classes, pixels, statistics)
