"""The size of a network from its cell's wiring alone, for mutations that must keep within a limit."""

from __future__ import annotations

from .decode import stack
from .space import HierarchicalSpace
from .wiring import Wiring

COLOURS, CLASSES = 3, 10
"""Of the images that sizes are counted for."""


def parameters(cell: Wiring, space: HierarchicalSpace) -> int:
    """The parameters of the network for small colour images and 10 classes, as its architecture has them."""
    squares, singles = 0, 0  # weights in proportion to the square of the channels, and to the channels
    for step in cell.steps:
        width = cell.widths[step.inputs[0]]
        if step.operation == "conv1x1":
            squares += width * step.filters
            singles += 2 * step.filters
        elif step.operation == "depthwise3x3":
            singles += (9 + 2) * width
    output = cell.widths[cell.output]
    channels = space.filters
    total = (9 * COLOURS + 2) * channels
    features = channels
    for _, _, stride in stack(space, "small"):
        total += squares * channels**2 + singles * channels
        features = output * channels
        if stride:
            total += (9 + 2) * features + (features + 2) * channels * stride
            channels *= stride
            features = channels
    return total + (features + 1) * CLASSES
