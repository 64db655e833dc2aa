"""From a cell to the benchmark's network (Dong and Yang 2020, Section 2.1 and Figure 1).

Convolution 3×3 and normalisation; three stages of N cells; between them residual blocks that halve the image
and double the width; normalisation, ReLU, global average pooling, linear layer. Which layers stand behind a
name follows the authors' code (https://github.com/D-X-Y/AutoDL-Projects). A cell's dead parts are left out:
there, they are computed and contribute no more than constants.
"""

from __future__ import annotations

from ...architecture import Architecture
from ...architecture.layers import Add, AvgPool2d, BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, ReLU
from ...task import Task
from .cell import CONV1, POOL
from .flow import Flow, Terms, flow
from .space import STAGES, NasBench201Space
from .zeros import Zeros

ADD, NORM, RELU, ZEROS, MEAN = Add(), BatchNorm2d(), ReLU(), Zeros(), AvgPool2d(3, 1)


def decode(operations: tuple[str, ...], space: NasBench201Space, task: Task) -> Architecture:
    """Stacks the cells.

    Nodes are named after their place (``stage2.cell1.edge0to3.nor_conv_3x3.conv``), so that a mutation leaves
    all other names alone. Edges count from 0, as in the benchmark's text.
    """
    space.check(task)
    net = Architecture()
    source = net.add("image", Input(task.input_shape))
    source = _conv_bn(net, "stem", source, Conv2d(space.filters, 3))
    whole = flow(operations)
    for stage in range(1, STAGES + 1):
        filters = space.filters * 2 ** (stage - 1)
        if stage > 1:
            source = _residual(net, f"stage{stage}.reduction", source, filters)
        for number in range(1, space.cells + 1):
            source = _cell(net, f"stage{stage}.cell{number}", whole, source, filters)
    source = net.add("last.bn", NORM, source)
    source = net.add("last.relu", RELU, source)
    source = net.add("pool", GlobalAvgPool(), source)
    net.add("classifier", Linear(task.classes), source)
    return net


def _conv_bn(net: Architecture, name: str, source: str, convolution: Conv2d) -> str:
    return net.add(f"{name}.bn", NORM, net.add(f"{name}.conv", convolution, source))


def _residual(net: Architecture, name: str, source: str, filters: int) -> str:
    """Two convolutions of half the size, beside the mean of 2×2 pixels and a 1×1 convolution."""
    body = _conv_bn(net, f"{name}.first", _relu(net, source), Conv2d(filters, 3, 2))
    body = _conv_bn(net, f"{name}.second", _relu(net, body), Conv2d(filters, 3))
    short = net.add(f"{name}.short.pool", AvgPool2d(2, 2, padding=0), source)
    short = net.add(f"{name}.short.conv", Conv2d(filters, 1), short)
    return net.add(f"{name}.add", ADD, short, body)


def _relu(net: Architecture, source: str) -> str:
    """The source's ReLU, which all its readers share."""
    name = f"{source}_relu"
    return name if name in net else net.add(name, RELU, source)


def _cell(net: Architecture, name: str, whole: Flow, source: str, filters: int) -> str:
    """One cell; returns its output."""
    if not whole.output:
        return net.add(f"{name}.zeros", ZEROS, source)
    made: dict[tuple[int, int] | None, str] = {None: source}
    sums: dict[tuple[str, ...], str] = {}

    def summed(terms: Terms, node: int) -> str:
        read = tuple(made[term] for term in terms)
        if len(read) == 1:
            return read[0]
        same = tuple(sorted(read))
        if same not in sums:
            sums[same] = net.add(f"{name}.node{node}", ADD, *read)
        return sums[same]

    for edge, operation in whole.operations.items():
        place = f"{name}.edge{edge[0]}to{edge[1]}.{operation}"
        read = summed(whole.reads[edge], edge[0])
        if operation == POOL:
            made[edge] = net.add(place, MEAN, read)
        else:
            kernel = 1 if operation == CONV1 else 3
            made[edge] = _conv_bn(net, place, _relu(net, read), Conv2d(filters, kernel))
    return summed(whole.output, 3)
