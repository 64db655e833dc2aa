"""Operation: what is computed as one step of a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .recording import Buffer, Recorder

Shape = tuple[int, ...]

VECTOR = 16
"""Floats of the longest vector, to which channels are rounded up where whole vectors are written."""


def rounded(channels: int) -> int:
    """Channels that fill whole vectors on any processor."""
    return -(-channels // VECTOR) * VECTOR


def pixels(shape: Shape) -> int:
    """Of an image; a vector has one."""
    return math.prod(shape[1:])


@dataclass(frozen=True)
class Operation:
    """Something that reads the values of nodes and gives that of one.

    Attributes:
        output: The node whose value it gives.
        inputs: The nodes that it reads.
        shape: Of what it gives, without the batch.
        shapes: Of what it reads.
    """

    output: str
    inputs: tuple[str, ...]
    shape: Shape
    shapes: tuple[Shape, ...]

    def forward(self, to: Recorder) -> None:
        """Notes how the value is computed."""
        raise NotImplementedError

    def backward(self, to: Recorder) -> None:
        """Notes how the gradients of what it reads, and of its tensors, are computed."""
        raise NotImplementedError

    def made(self, to: Recorder) -> Buffer:
        """Room for the value."""
        return to.make(self.output, math.prod(self.shape))
