"""The kinds of layer an architecture is made of.

A layer is a frozen dataclass that holds free choices only (kernel, stride, filters); shapes,
parameters and cost follow from its inputs. To add a kind, subclass `Layer` as a frozen dataclass
and override what differs; give it a `module` if it has tensors or behaves otherwise in training,
an `emit` if a function computes it.
"""

from .base import Flow, Layer, Shape, ShapeError
from .convolution import Conv2d
from .dense import Flatten, Linear
from .leaky import LeakyReLU
from .merging import Add, Concat
from .pointwise import BatchNorm2d, Dropout, Input, ReLU
from .pooling import AvgPool2d, GlobalAvgPool, MaxPool2d, MinPool2d, Shift
from .reconciling import PadChannels, Resize, TakeChannels
from .regularising import DropPath

__all__ = [
    "Add",
    "AvgPool2d",
    "BatchNorm2d",
    "Concat",
    "Conv2d",
    "DropPath",
    "Dropout",
    "Flatten",
    "Flow",
    "GlobalAvgPool",
    "Input",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "MinPool2d",
    "PadChannels",
    "ReLU",
    "Resize",
    "Shape",
    "ShapeError",
    "Shift",
    "TakeChannels",
]
