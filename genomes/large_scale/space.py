"""The settings of the Large-scale Evolution space, and its caps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from msgspec import Meta

from ...evolution import Space
from ...files import AtLeastOne, Positive, check
from ...task import Task
from .cost import Cost

_SIZE = Meta(description="channels, height and width of at least 1")


@dataclass(frozen=True)
class LargeScaleSpace(Space):
    """Settings of the space. It is unbounded in the paper, "up to hardware constraints": these are the caps.

    A mutation that would pass a cap does not apply. It does not know the task, so it measures the network for
    images of the size `reference`; for other images the caps hold when a DNA is decoded, and a candidate that
    passes one fails there.

    Attributes:
        learning_rate: Of the initial individuals.
        leak: A BN+ReLU vertex computes max(x, leak · x).
        reference: Channels, height and width of the images for which mutations keep to the caps.
        max_depth: Vertices between the input and the output.
        max_channels: Of any vertex.
        max_filter: Side of a filter, in pixels.
        max_stride: Of a convolution.
        max_parameters: Of the network.
        max_flops: Floating-point operations for one image.
        max_activations: Numbers that all layers together put out for one image: memory in training.
    """

    learning_rate: Positive = 0.1
    leak: Annotated[float, Meta(ge=0, le=1, description="0 to 1")] = 0.0
    reference: Annotated[tuple[AtLeastOne, AtLeastOne, AtLeastOne], _SIZE] = (3, 32, 32)
    max_depth: AtLeastOne = 100
    max_channels: AtLeastOne = 1024
    max_filter: AtLeastOne = 15
    max_stride: AtLeastOne = 8
    max_parameters: AtLeastOne = 20_000_000
    max_flops: AtLeastOne = 1_000_000_000
    max_activations: AtLeastOne = 5_000_000

    def __post_init__(self) -> None:
        check(self, "large-scale ")

    @cached_property
    def reference_task(self) -> Task:
        """What mutations measure a network for."""
        return Task(*self.reference, classes=10)

    def excess(self, cost: Cost) -> str | None:
        """Which cap a network passes, in words, or None."""
        for name, value, most in (
            ("max_depth", cost.depth, self.max_depth),
            ("max_channels", cost.channels, self.max_channels),
            ("max_filter", cost.filter, self.max_filter),
            ("max_stride", cost.stride, self.max_stride),
            ("max_parameters", cost.parameters, self.max_parameters),
            ("max_flops", cost.flops, self.max_flops),
            ("max_activations", cost.activations, self.max_activations),
        ):
            if value > most:
                return f"large-scale network: expected at most {most} ({name}), got {value}"
        return None
