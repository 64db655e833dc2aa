"""The kinds of layer an architecture is made of.

A layer is a frozen dataclass that holds free choices only (kernel, stride, filters); shapes,
parameters and cost follow from its inputs. To add a kind, subclass `Layer` as a frozen dataclass
and override what differs; give it a `module` if it has tensors or behaves otherwise in training,
an `emit` if a function computes it. So that widths can change around it, say by `flow` or `tied` where its
channels come from, by `axes` which of its tensors' entries belong to them, and by `resized` what it becomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import later
from .activations import ELU, GELU, Hardsigmoid, Hardswish, Mish, ReLU6, Sigmoid, SiLU, Tanh
from .base import Flow, Layer, Shape, ShapeError, pair
from .convolution import Conv2d
from .dense import Flatten, Linear
from .gating import Multiply, Pixel
from .leaky import LeakyReLU, PReLU
from .merging import Add, Concat
from .normalising import BatchNorm1d, GroupNorm, LayerNorm, LayerNorm2d
from .padding import ConstantPad, Pad
from .pointwise import BatchNorm2d, Dropout, Input, ReLU
from .pooling import AvgPool2d, GlobalAvgPool, MaxPool2d, MinPool2d, Shift
from .reconciling import PadChannels, Resize, TakeChannels
from .regularising import Dropout2d, DropPath
from .reuse import Reuse, computed
from .scaling import Scale
from .ties import Axes, Channels, Numbers, Ties
from .torch_pooling import AdaptiveAvgPool2d, CeilMaxPool2d, PaddedAvgPool2d
from .transposed import ConvTranspose2d
from .window import same_padding

if TYPE_CHECKING:
    from ._drop_path import DroppedPath
    from ._scale import ScaleModule
    from ._strided_pointwise import StridedPointwise

__all__ = [
    "AdaptiveAvgPool2d",
    "Add",
    "AvgPool2d",
    "Axes",
    "BatchNorm1d",
    "BatchNorm2d",
    "CeilMaxPool2d",
    "Channels",
    "Concat",
    "ConstantPad",
    "Conv2d",
    "ConvTranspose2d",
    "DropPath",
    "Dropout",
    "Dropout2d",
    "DroppedPath",
    "ELU",
    "Flatten",
    "Flow",
    "GELU",
    "GlobalAvgPool",
    "GroupNorm",
    "Hardsigmoid",
    "Hardswish",
    "Input",
    "Layer",
    "LayerNorm",
    "LayerNorm2d",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "MinPool2d",
    "Mish",
    "Multiply",
    "Numbers",
    "Pad",
    "PReLU",
    "PadChannels",
    "PaddedAvgPool2d",
    "Pixel",
    "ReLU",
    "ReLU6",
    "Resize",
    "Reuse",
    "Scale",
    "ScaleModule",
    "Shape",
    "ShapeError",
    "Shift",
    "SiLU",
    "StridedPointwise",
    "Sigmoid",
    "TakeChannels",
    "Tanh",
    "Ties",
    "computed",
    "pair",
    "same_padding",
]

__getattr__ = later(
    __name__,
    {
        "_drop_path": "DroppedPath",
        "_scale": "ScaleModule",
        "_strided_pointwise": "StridedPointwise",
    },
)
