"""Images whose channels a model puts last: normalised and mapped pixel by pixel, and put back (ConvNeXt).

Layers read channels first. What a model computes between ``permute(0, 2, 3, 1)`` and ``permute(0, 3, 1, 2)``
is taken down as if the channels had never moved, as far as it is the same for each pixel.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import fx

from .functions import name_of
from .orders import PIXELWISE_FUNCTIONS, PIXELWISE_MODULES, TO_FIRST, TO_LAST, TURNING, turned
from .part import Value
from .trace import Traced


def channels_first(traced: Traced) -> Traced:
    """The same trace, where images with channels last have the shapes that they had with them first."""
    results, last = dict(traced.results), set[fx.Node]()
    for node in traced.graph.nodes:
        if _is_last(traced, node, last):
            last.add(node)
            results[node] = _with_channels_first(node, results[node])
    return replace(traced, results=results) if last else traced


def _is_last(traced: Traced, node: fx.Node, last: set[fx.Node]) -> bool:
    """Whether the channels of what a call gives are last."""
    if node.op == "call_module":
        module = traced.module.get_submodule(str(node.target))
        return not last.isdisjoint(node.all_input_nodes) and isinstance(module, PIXELWISE_MODULES)
    if node.op not in ("call_function", "call_method"):
        return False
    images = [read for read in node.all_input_nodes if _rank(traced.results.get(read)) == 4]
    name = name_of(node)
    if name in TURNING and len(images) == 1:
        return turned(node) == TO_LAST and images[0] not in last
    if not images or not last.issuperset(images):
        return False
    return name in PIXELWISE_FUNCTIONS or (name == "getitem" and isinstance(traced.results[images[0]], tuple))


def _rank(result: Any) -> int:
    """The axes of an image, or of the first of several tensors; 0 of what does not depend on the images."""
    if isinstance(result, Value):
        return len(result.shape)
    several = isinstance(result, tuple) and bool(result) and isinstance(result[0], torch.Tensor)
    return int(result[0].dim()) if several else 0


def _with_channels_first(node: fx.Node, result: Any) -> Any:
    if isinstance(result, Value):
        count, height, width, channels = result.shape
        return Value(node, (count, channels, height, width), result.dtype, True)
    return (result[0].permute(TO_FIRST), *result[1:])
