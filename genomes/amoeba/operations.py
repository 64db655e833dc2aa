"""The operations of AmoebaNet cells, written as layers.

Which layers stand behind a name follows the authors' implementation
(https://github.com/tensorflow/tpu, models/official/amoeba_net): separable convolutions are applied
twice, dense ones work at a quarter of the width between two 1×1 convolutions (``conv1x3_3x1`` at three
eighths), and an operation that must stride but has no window becomes a 1×1 convolution.

Which names a search space has is the paper's: SP-I in Methods Details, SP-II and SP-III in Supplement A,
whose 19 operations are spelt out there. Not in the paper, and taken from that code: the widths just named,
and that an even window is padded at the end (TensorFlow's "SAME"). That code has no dilated separable
convolutions; here they are applied once.
"""

from __future__ import annotations

from ...architecture.layers import AvgPool2d, MaxPool2d, MinPool2d
from ..blocks import Builder, Operation, convolution, dilated_separable, pool, separable


def identity(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
    """The paper's "none"; where it must stride, a 1×1 convolution."""
    return source if stride == 1 else conv1x1(builder, name, source, filters, stride)


def conv1x1(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
    """ReLU, 1×1 convolution, normalisation."""
    return builder.relu_conv_bn(name, source, convolution(filters, 1, stride))


def bottleneck(*steps: tuple[tuple[int, int], bool, bool], eighths: int = 2, dilation: int = 1) -> Operation:
    """Dense convolutions at part of the width between two 1×1 convolutions.

    Args:
        steps: For each convolution its kernel, and whether it strides down and across.
        eighths: Their part of the width.
        dilation: Spacing of their filters' taps.
    """

    def operation(builder: Builder, name: str, source: str, filters: int, stride: int) -> str:
        width = eighths * filters // 8
        if width:  # else the bottleneck would have no channel: convolve at full width
            source = builder.relu_conv_bn(f"{name}.squeeze", source, convolution(width, 1))
        for number, (kernel, down, across) in enumerate(steps, 1):
            strides = (stride if down else 1, stride if across else 1)
            step = convolution(width or filters, kernel, strides, dilation=dilation)
            source = builder.relu_conv_bn(f"{name}.step{number}", source, step)
        return builder.relu_conv_bn(f"{name}.expand", source, convolution(filters, 1)) if width else source

    return operation


OPERATIONS: dict[str, Operation] = {
    "identity": identity,
    "sep3x3": separable(3),
    "sep5x5": separable(5),
    "sep7x7": separable(7),
    "avg3x3": pool(AvgPool2d, 3),
    "max3x3": pool(MaxPool2d, 3),
    "dil3x3": dilated_separable(3),
    "conv1x7_7x1": bottleneck(((1, 7), False, True), ((7, 1), True, False)),
    "conv1x1": conv1x1,
    "conv3x3": bottleneck(((3, 3), True, True)),
    "max2x2": pool(MaxPool2d, 2),
    "dil5x5": dilated_separable(5),
    "dil7x7": dilated_separable(7),
    "avg2x2": pool(AvgPool2d, 2),
    "min2x2": pool(MinPool2d, 2),
    "conv1x3_3x1": bottleneck(((1, 3), False, True), ((3, 1), True, False), eighths=3),
    "conv3x3_dilated2": bottleneck(((3, 3), True, True), dilation=2),
    "conv3x3_dilated4": bottleneck(((3, 3), True, True), dilation=4),
    "conv3x3_dilated6": bottleneck(((3, 3), True, True), dilation=6),
}
"""Every operation by name. The paper calls ``identity`` "none"; its dilated separable ones are ``dil``."""

SP_I = ("identity", "sep3x3", "sep5x5", "sep7x7", "avg3x3", "max3x3", "dil3x3", "conv1x7_7x1")
"""The eight operations of search space SP-I (Methods)."""

SP_II = (
    *("identity", "conv1x1", "conv3x3", "sep3x3", "sep5x5", "sep7x7", "avg2x2", "avg3x3", "min2x2"),
    *("max2x2", "max3x3", "dil3x3", "dil5x5", "dil7x7", "conv1x3_3x1", "conv1x7_7x1"),
    *("conv3x3_dilated2", "conv3x3_dilated4", "conv3x3_dilated6"),
)
"""The 19 operations of search space SP-II, in the order of Supplement A."""

SP_III = SP_II
"""The same 19; what makes SP-III larger is its 15 combinations a cell (Supplement A)."""

SPACES = {"SP-I": (SP_I, 5), "SP-II": (SP_II, 5), "SP-III": (SP_III, 15)}
"""The paper's search spaces by name: their operations, and the pairwise combinations in a cell."""
