"""What becomes of the tensors behind a node whose channels change in number: some go, new ones enter.

A change is followed through whatever hands channels on, up to the convolutions and linear layers that read
them: there a channel that goes takes its columns with it, and a new one brings columns of zeros, so that it
changes nothing until it is trained (Elsken et al. 2018, type II).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...architecture import Architecture
from ...architecture.layers import Conv2d, ConvTranspose2d, Layer, Linear
from .surgery import blank, check_alone, fresh, in_order, refusal

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

Positions = NDArray[np.int64]
"""For each channel of the child its position in the parent; `NEW` for one that was not there."""

NEW = -1


def followed(
    architecture: Architecture, changes: Mapping[tuple[str, int], Positions]
) -> dict[str, Positions]:
    """The inputs of all nodes whose tensors have to follow a change of channels.

    Args:
        architecture: The parent's.
        changes: Under a reader and the position of an input: what it reads from now on, in the channels
            that it has read there until now.

    Returns:
        For each node with tensors behind the changes what its input becomes, pixel by pixel behind a
        flattening.

    Raises:
        NotApplicable: A change reaches a layer that cannot follow: a sum, a grouped convolution, a choice of
            channels, weights that are shared, the output.
    """
    outputs: dict[str, Positions] = {}
    inputs: dict[str, Positions] = {}
    for node in in_order(architecture):
        sources = architecture.inputs(node)
        read = [changes.get((node, port), outputs.get(source)) for port, source in enumerate(sources)]
        if all(positions is None for positions in read):
            continue
        layer = architecture.layer(node)
        shapes = architecture.input_shapes(node)
        if layer.mixes:
            raise refusal(node, f"{layer.kind} takes statistics over its channels, which others would change")
        check_alone(architecture, node)
        first = read[0] if read[0] is not None else np.arange(shapes[0][0])
        if layer.parameters(shapes) or layer.buffers(shapes):
            inputs[node] = first
        if isinstance(layer, Linear) or _is_dense(layer):
            continue
        if len(sources) > 1 and layer.flow != "joined":
            raise refusal(node, f"{layer.kind} reads several nodes, whose channels must stay as many")
        if layer.flow == "joined":
            outputs[node] = _joined(read, [shape[0] for shape in shapes])
        elif layer.flow == "spread":
            pixels = math.prod(shapes[0][1:])
            spread = first[:, None] * pixels + np.arange(pixels)
            outputs[node] = np.where(first[:, None] == NEW, NEW, spread).reshape(-1)
        elif layer.flow == "through":
            outputs[node] = first
        else:
            raise refusal(node, f"a layer of kind {layer.kind} cannot follow a change of what it reads")
    if architecture.output in outputs:
        raise refusal(architecture.output, "the output's channels cannot change")
    return inputs


def _is_dense(layer: Layer) -> bool:
    if isinstance(layer, ConvTranspose2d):
        return layer.groups == 1
    return isinstance(layer, Conv2d) and layer.groups == 1 and not layer.depthwise


def _joined(read: list[Positions | None], widths: list[int]) -> Positions:
    parts: list[Positions] = []
    start = 0
    for positions, width in zip(read, widths, strict=True):
        positions = np.arange(width) if positions is None else positions
        parts.append(np.where(positions == NEW, NEW, positions + start))
        start += width
    return np.concatenate(parts)


def carried(
    child: Architecture, inputs: Mapping[str, Positions], weights: Weights
) -> dict[str, torch.Tensor]:
    """The tensors of the nodes that follow, by ``node.tensor``.

    Entries of one channel each (normalisation, depthwise filters) follow their channel, and those of a new
    one start as initialised; columns of a new channel start at zero.
    """
    import torch

    like, found = blank(weights), {}
    for node, positions in inputs.items():
        layer = child.layer(node)
        for name, tensor in fresh(child, node, like).items():
            key = name.rpartition(".")[2]
            source, axis = weights[name], layer.input_axis(key)
            if axis is None:
                continue
            if layer.axes(key).input is not None:
                tensor.zero_()
            here = torch.from_numpy(np.flatnonzero(positions != NEW)).to(tensor.device)
            there = torch.from_numpy(positions[positions != NEW]).to(tensor.device)
            found[name] = tensor.index_copy_(axis, here, source.index_select(axis, there))
    return found
