"""From a pair of cells to the network in which DARTS evaluates them (Section 3.2, Appendix A.2).

Which layers stand behind a name follows the authors' code (https://github.com/quark0/darts, cnn/model.py and
cnn/operations.py): separable convolutions are applied twice, dilated ones once, a skip connection that must
stride is a factorised reduction, and normalisations have weights.
"""

from __future__ import annotations

from typing import NamedTuple

from ...architecture import Architecture
from ...architecture.layers import Add, AvgPool2d, Concat, DropPath, GlobalAvgPool, Input, Linear, MaxPool2d
from ...task import Task
from ..blocks import (
    Builder,
    Operation,
    convolution,
    dilated_separable,
    factorised_reduction,
    pool,
    separable,
)
from .cell import INPUTS, SKIP, Cell
from .space import DartsSpace

ADD, CONCAT, DROP_PATH = Add(), Concat(), DropPath()
STEM = 3
"""The stem of small images has this many times C filters."""


def skip(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
    """What it reads; where it must stride, a factorised reduction of it."""
    if stride == 1:
        return source
    return factorised_reduction(builder, name, builder.relu(source), filters)


LAYERS: dict[str, Operation] = {
    "max_pool_3x3": pool(MaxPool2d, 3),
    "avg_pool_3x3": pool(AvgPool2d, 3),
    SKIP: skip,
    "sep_conv_3x3": separable(3),
    "sep_conv_5x5": separable(5),
    "dil_conv_3x3": dilated_separable(3),
    "dil_conv_5x5": dilated_separable(5),
}
"""Every operation by name; poolings have no normalisation in the network that is evaluated."""


class Output(NamedTuple):
    """A cell's output: its node, and the height and width of its images."""

    node: str
    size: tuple[int, int]


def cell_name(number: int) -> str:
    """What the nodes of a cell begin with; they count from 1."""
    return f"cell{number + 1}"


def decode(normal: Cell, reduction: Cell, space: DartsSpace, task: Task) -> Architecture:
    """Stacks the cells: reductions at a third and at two thirds, then pooling and a linear layer.

    Nodes are named after their place (``cell3.edge0to2.sep_conv_3x3``), so that a mutation leaves all other
    names alone. Edges count as in the authors' text.
    """
    space.check(task)
    builder = Builder(Architecture())
    before, last = _stem(builder, space, task)
    filters = space.filters
    for number in range(space.cells):
        reduces = number in space.reductions
        filters *= 2 if reduces else 1
        cell = reduction if reduces else normal
        before, last = (
            last,
            _cell(builder, cell_name(number), cell, before, last, filters, 2 if reduces else 1),
        )
    pooled = builder.add("pool", GlobalAvgPool(), last.node)
    builder.add("classifier", Linear(task.classes), pooled)
    builder.architecture.prune()  # a cell need not read the cell before the previous one
    return builder.architecture


def _stem(builder: Builder, space: DartsSpace, task: Task) -> tuple[Output, Output]:
    """What the first cell reads as the cells before it."""
    size = (task.height, task.width)
    source = builder.add("image", Input(task.input_shape))
    if space.images(task) == "small":
        stem = Output(builder.conv_bn("stem", source, convolution(STEM * space.filters, 3)), size)
        return stem, stem
    half = _strided(size, 2)
    source = builder.conv_bn("stem1.first", source, convolution(max(space.filters // 2, 1), 3, 2))
    source = builder.relu_conv_bn("stem1.second", source, convolution(space.filters, 3, 2))
    before = Output(source, _strided(half, 2))
    source = builder.relu_conv_bn("stem2", source, convolution(space.filters, 3, 2))
    return before, Output(source, _strided(before.size, 2))


def _strided(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Height and width after an operation: all of them pad so that only the stride counts."""
    return (size[0] - 1) // stride + 1, (size[1] - 1) // stride + 1


def _cell(
    builder: Builder, name: str, cell: Cell, before: Output, last: Output, filters: int, stride: int
) -> Output:
    """One cell; its output is the node that concatenates its nodes."""
    rectified = builder.relu(before.node)
    if before.size != last.size:
        first = factorised_reduction(builder, f"{name}.input0", rectified, filters)
    else:
        first = builder.conv_bn(f"{name}.input0", rectified, convolution(filters, 1))
    states = [first, builder.relu_conv_bn(f"{name}.input1", last.node, convolution(filters, 1))]
    for number, node in enumerate(cell.nodes, INPUTS):
        terms = []
        for source, operation in zip(node.inputs, node.operations, strict=True):
            step = stride if source < INPUTS else 1
            place = f"{name}.edge{source}to{number}.{operation}"
            result = LAYERS[operation](builder, place, states[source], filters, step)
            identity = operation == SKIP and step == 1
            # As in the authors' code, every operation but the identity can be dropped in training.
            terms.append(result if identity else builder.add(f"{place}_drop", DROP_PATH, result))
        states.append(builder.add(f"{name}.node{number}", ADD, *terms))
    joined = builder.add(f"{name}.output", CONCAT, *states[INPUTS:])
    return Output(joined, _strided(last.size, stride))
