"""From stage graphs to the whole network (Xie and Yuille 2017, Sections 3.1 and 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import networkx as nx

from ...architecture import Architecture
from ...architecture.layers import Add, BatchNorm2d, Conv2d, Dropout, Flatten, Input, Linear, MaxPool2d, ReLU
from ...task import Task

if TYPE_CHECKING:
    from .space import GenetSpace

KERNEL = 3
"""Side of the filters of every convolution but a stage's first."""


def decode(stages: Sequence[nx.DiGraph], space: GenetSpace, task: Task) -> Architecture:
    """Chains the stages, a max pooling after each; then the fully connected part, which is not encoded.

    A node is named after its number (``stage2.node3.conv``), so a mutation leaves all other names alone.
    """
    space.check(task)
    net = Architecture()
    source = net.add("image", Input(task.input_shape))
    for number, (graph, filters) in enumerate(zip(stages, space.widths, strict=True), 1):
        source = _stage(net, f"stage{number}", graph, filters, space.kernel, source)
        # So padded, every pooling halves an even size. The paper does not say how its 3×3 windows end.
        pool = MaxPool2d(space.pool, 2, padding=(space.pool - 1) // 2)
        source = net.add(f"stage{number}.pool", pool, source)
    source = net.add("flatten", Flatten(), source)
    source = net.add("hidden.linear", Linear(space.hidden), source)
    source = net.add("hidden.relu", ReLU(), source)
    if space.dropout:
        source = net.add("dropout", Dropout(space.dropout), source)
    net.add("classifier", Linear(task.classes), source)
    return net


def _stage(net: Architecture, name: str, graph: nx.DiGraph, filters: int, first: int, source: str) -> str:
    """One stage; returns its last node."""
    last: dict[int, str] = {}
    for node in sorted(graph):  # edges lead from lower to higher numbers
        role = graph.nodes[node]["role"]
        place = f"{name}.{role}{node}" if role == "node" else f"{name}.{role}"
        read = [last[other] for other in sorted(graph.pred[node])] or [source]
        summed = read[0] if len(read) == 1 else net.add(f"{place}.add", Add(), *read)
        kernel = first if role == "input" else KERNEL
        convolved = net.add(f"{place}.conv", Conv2d(filters, kernel), summed)
        normalised = net.add(f"{place}.bn", BatchNorm2d(), convolved)
        last[node] = net.add(f"{place}.relu", ReLU(), normalised)
    return last[node]
