"""From a pair of cells to the whole network (Real et al. 2019, Methods and Figure 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...architecture import Architecture
from ...architecture.layers import Add, Concat, DropPath, GlobalAvgPool, Input, Linear
from ...task import Task
from ..blocks import Builder, convolution, factorised_reduction
from .cell import DIRECT, INPUTS, SKIP, Cell
from .operations import OPERATIONS

if TYPE_CHECKING:
    from .space import AmoebaSpace

ADD, CONCAT, DROP_PATH = Add(), Concat(), DropPath()
SIDES = ("left", "right")


class Output(NamedTuple):
    """A cell's output: its node, and the height and width of its images."""

    node: str
    size: tuple[int, int]


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
        stem = builder.conv_bn("stem", image, convolution(max(filters // 4, 1), 3, 2))
        skip = direct = Output(stem, _strided((task.height, task.width), 2))
        for number, share in ((1, 4), (2, 2)):
            width = max(filters // share, 1)
            skip, direct = (
                direct,
                _cell(builder, f"stem.reduction{number}", reduction, direct, skip, width, 2),
            )
    else:
        stem = builder.conv_bn("stem", image, convolution(filters, 3))
        skip = direct = Output(stem, (task.height, task.width))
    for stage in range(1, space.stages + 1):
        for number in range(1, space.cells + 1):
            name = f"stage{stage}.cell{number}"
            skip, direct = direct, _cell(builder, name, normal, direct, skip, filters, 1)
        if stage < space.stages:
            filters *= 2
            name = f"stage{stage}.reduction"
            skip, direct = direct, _cell(builder, name, reduction, direct, skip, filters, 2)
    pooled = builder.add("pool", GlobalAvgPool(), builder.relu(direct.node))
    builder.add("classifier", Linear(task.classes), pooled)
    builder.architecture.prune()  # a cell need not read both of its inputs
    return builder.architecture


def _strided(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Height and width after an operation: all of them pad so that only the stride counts."""
    return (size[0] - 1) // stride + 1, (size[1] - 1) // stride + 1


def _cell(
    builder: Builder, name: str, cell: Cell, direct: Output, skip: Output, filters: int, stride: int
) -> Output:
    """One cell; its output is the node that concatenates its outputs."""
    states = [""] * INPUTS
    states[DIRECT] = builder.relu_conv_bn(f"{name}.direct", direct.node, convolution(filters, 1))
    states[SKIP] = _matched(builder, f"{name}.skip", skip, direct, filters)
    for number, pair in enumerate(cell.combinations, 1):
        sides = []
        for side, (operation, state) in zip(SIDES, pair, strict=True):
            step = stride if state < INPUTS else 1
            place = f"{name}.combination{number}.{side}.{operation}"
            result = OPERATIONS[operation](builder, place, states[state], filters, step)
            # As in the authors' code, every operation but the identity can be dropped in training.
            sides.append(
                result if operation == "identity" else builder.add(f"{place}_drop", DROP_PATH, result)
            )
        states.append(builder.add(f"{name}.combination{number}.add", ADD, *sides))
    outputs = []
    for state in cell.outputs():
        source = states[state]
        if state < INPUTS and stride > 1:
            source = factorised_reduction(builder, f"{name}.reduced{state}", source, filters)
        outputs.append(source)
    return Output(builder.add(f"{name}.output", CONCAT, *outputs), _strided(direct.size, stride))


def _matched(builder: Builder, name: str, skip: Output, direct: Output, filters: int) -> str:
    """The skip input with the size and depth that the direct input has after its 1×1 convolution."""
    if skip.size != direct.size:
        return factorised_reduction(builder, name, builder.relu(skip.node), filters)
    return builder.relu_conv_bn(name, skip.node, convolution(filters, 1))
