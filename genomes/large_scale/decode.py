"""From a DNA to the network (Real et al. 2017, Section 3.2 and Supplement S1)."""

from __future__ import annotations

from ...architecture import Architecture
from ...architecture.layers import (
    Add,
    BatchNorm2d,
    Conv2d,
    GlobalAvgPool,
    Input,
    LeakyReLU,
    Linear,
    PadChannels,
    ReLU,
    Resize,
    TakeChannels,
)
from ...task import Task
from .cost import scale_primary
from .dna import Dna
from .parts import Activation


def decode(dna: Dna, leak: float, task: Task) -> Architecture:
    """Unfolds a DNA: its vertices along the backbone, global pooling, a linear classifier.

    Nodes are named after ids (``edge_start.conv``, ``vertex_output.classifier``), so weights are inherited by
    id, and what has new ids starts anew.

    Args:
        dna: What to unfold.
        leak: A BN+ReLU vertex computes max(x, leak · x).
        task: Gives the shape of the images and the number of classes.
    """
    net = Architecture()
    image = net.add("image", Input(task.input_shape))
    incoming = dna.incoming()
    values: dict[str, str] = {}
    last = ""
    for last in dna.order():
        ends = []
        for name, edge in incoming[last]:
            end = values[edge.source]
            if (found := edge.convolution) is not None:
                layer = Conv2d(found.channels(net.shape(end)[0]), found.kernel, found.stride)
                end = net.add(f"edge_{name}.conv", layer, end)
            ends.append(end)
        value = image if not ends else ends[0]
        if len(ends) > 1:
            full, size = net.shape(ends[0])[0], net.shape(ends[scale_primary(incoming[last])])[1:]
            parts = [
                _reconciled(net, f"edge_{name}", end, (full, *size))
                for (name, _), end in zip(incoming[last], ends, strict=True)
            ]
            value = net.add(f"vertex_{last}.sum", Add(), *parts)
        if dna.vertices[last] is Activation.BN_RELU:
            value = net.add(f"vertex_{last}.bn", BatchNorm2d(), value)
            value = net.add(f"vertex_{last}.relu", LeakyReLU(leak) if leak else ReLU(), value)
        values[last] = value
    pooled = net.add(f"vertex_{last}.pool", GlobalAvgPool(), values[last])
    net.add(f"vertex_{last}.classifier", Linear(task.classes), pooled)
    return net


def _reconciled(net: Architecture, name: str, end: str, shape: tuple[int, ...]) -> str:
    """An edge's end with the shape of the vertex: truncated, interpolated, padded, as far as needed."""
    full, *size = shape
    if net.shape(end)[0] > full:
        end = net.add(f"{name}.truncated", TakeChannels(full), end)
    if list(net.shape(end)[1:]) != size:
        end = net.add(f"{name}.resized", Resize((size[0], size[1])), end)
    if net.shape(end)[0] < full:
        end = net.add(f"{name}.padded", PadChannels(full - net.shape(end)[0]), end)
    return end
