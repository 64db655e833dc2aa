"""From a pair of cells to the whole network (Real et al. 2019, Methods and Figure 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...architecture import Architecture
from ...layers import Add, BatchNorm2d, Concat, Conv2d, DropPath, GlobalAvgPool, Input, Linear, Shift
from ...task import Task
from .cell import DIRECT, INPUTS, SKIP, Cell
from .operations import OPERATIONS, Builder

if TYPE_CHECKING:
    from .genome import AmoebaSpace

SIDES = ("left", "right")


def decode(normal: Cell, reduction: Cell, space: AmoebaSpace, task: Task) -> Architecture:
    """Stacks the cells: N normal, reduction, N normal, reduction, N normal, pooling, linear.

    Node names follow position (``stage2.cell1.combination3.left.sep5x5``), never content, so that a
    mutation leaves all other names alone; what an operation reads is not in its name.
    """
    space.check(task)
    builder = Builder(Architecture())
    image = builder.add("image", Input(task.input_shape))
    filters = space.filters
    if space.images(task) == "large":
        # ImageNet: a strided convolution and two reductions at reduced width come first.
        skip = direct = builder.conv_bn("stem", image, Conv2d(max(filters // 4, 1), 3, 2))
        for number, share in ((1, 4), (2, 2)):
            width = max(filters // share, 1)
            skip, direct = (
                direct,
                _cell(builder, f"stem.reduction{number}", reduction, direct, skip, width, 2),
            )
    else:
        skip = direct = builder.conv_bn("stem", image, Conv2d(filters, 3))
    for stage in range(1, space.stages + 1):
        for number in range(1, space.cells + 1):
            name = f"stage{stage}.cell{number}"
            skip, direct = direct, _cell(builder, name, normal, direct, skip, filters, 1)
        if stage < space.stages:
            filters *= 2
            name = f"stage{stage}.reduction"
            skip, direct = direct, _cell(builder, name, reduction, direct, skip, filters, 2)
    pooled = builder.add("pool", GlobalAvgPool(), builder.relu(direct))
    builder.add("classifier", Linear(task.classes), pooled)
    builder.architecture.prune()  # a cell need not read both of its inputs
    return builder.architecture


def _cell(builder: Builder, name: str, cell: Cell, direct: str, skip: str, filters: int, stride: int) -> str:
    """One cell; returns the node that concatenates its outputs."""
    states = [""] * INPUTS
    states[DIRECT] = builder.relu_conv_bn(f"{name}.direct", direct, Conv2d(filters, 1))
    states[SKIP] = _matched(builder, f"{name}.skip", skip, direct, filters)
    for number, pair in enumerate(cell.combinations, 1):
        sides = []
        for side, (operation, state) in zip(SIDES, pair, strict=True):
            step = stride if state < INPUTS else 1
            place = f"{name}.combination{number}.{side}.{operation}"
            result = OPERATIONS[operation](builder, place, states[state], filters, step)
            # As in the authors' code, every operation but the identity can be dropped in training.
            sides.append(
                result if operation == "identity" else builder.add(f"{place}_drop", DropPath(), result)
            )
        states.append(builder.add(f"{name}.combination{number}.add", Add(), *sides))
    outputs = []
    for state in cell.outputs():
        source = states[state]
        if state < INPUTS and stride > 1:
            source = _factorised_reduction(builder, f"{name}.reduced{state}", source, filters)
        outputs.append(source)
    return builder.add(f"{name}.output", Concat(), *outputs)


def _matched(builder: Builder, name: str, skip: str, direct: str, filters: int) -> str:
    """The skip input with the size and depth that the direct input has after its 1×1 convolution."""
    size = builder.architecture.shape
    if size(skip)[1:] != size(direct)[1:]:
        return _factorised_reduction(builder, name, builder.relu(skip), filters)
    return builder.relu_conv_bn(name, skip, Conv2d(filters, 1))


def _factorised_reduction(builder: Builder, name: str, source: str, filters: int) -> str:
    """Halves the size: one 1×1 convolution reads every other pixel, another the pixels between."""
    first = builder.add(f"{name}.path1.conv", Conv2d(filters - filters // 2, 1, 2), source)
    if filters == 1:
        return builder.add(f"{name}.bn", BatchNorm2d(), first)
    shifted = builder.add(f"{name}.path2.shift", Shift(), source)
    second = builder.add(f"{name}.path2.conv", Conv2d(filters // 2, 1, 2), shifted)
    joined = builder.add(f"{name}.join", Concat(), first, second)
    return builder.add(f"{name}.bn", BatchNorm2d(), joined)
