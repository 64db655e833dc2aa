"""Kinds of layer as a reader sees them, and their colours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..architecture.layers import Conv2d, Input, Layer, Linear, computed

INK = "#0f172a"
FAINT = "#475569"
EDGE = "#64748b"
SKIP = "#d97706"
"""The colour of a skip connection."""


class Kind(StrEnum):
    """What a box does; the value is its name in the legend, the order that of the legend."""

    TERMINAL = "input, output"
    CONVOLUTION = "convolution"
    SEPARABLE = "separable, depthwise"
    POOLING = "pooling"
    NORMALISATION = "normalisation"
    ACTIVATION = "activation"
    MERGING = "merging"
    LINEAR = "linear"
    OTHER = "other"
    GROUP = "several layers"


COLOURS: dict[Kind, tuple[str, str]] = {
    Kind.TERMINAL: ("#e2e8f0", "#475569"),
    Kind.CONVOLUTION: ("#dbeafe", "#2563eb"),
    Kind.SEPARABLE: ("#cffafe", "#0e7490"),
    Kind.POOLING: ("#ffe4e6", "#e11d48"),
    Kind.NORMALISATION: ("#fef9c3", "#a16207"),
    Kind.ACTIVATION: ("#dcfce7", "#16a34a"),
    Kind.MERGING: ("#ede9fe", "#7c3aed"),
    Kind.LINEAR: ("#ffedd5", "#ea580c"),
    Kind.OTHER: ("#f5f5f4", "#78716c"),
    Kind.GROUP: ("#ffffff", "#334155"),
}
"""Fill and stroke of each kind."""


class Mark(StrEnum):
    """What became of a box from one network to the next; the value is its name in the legend."""

    NEW = "new"
    CHANGED = "changed: another layer, tensors or size"
    GONE = "gone"
    SAME = "unchanged"


@dataclass(frozen=True)
class Look:
    """How what is marked looks.

    Attributes:
        fill: Of the box.
        stroke: Of the box, its sign and its edges.
        ink: Of the words.
        sign: On the box's corner, for those who cannot tell the colours apart.
        dashed: Whether lines are.
    """

    fill: str
    stroke: str
    ink: str = INK
    sign: str = ""
    dashed: bool = False


LOOKS: dict[Mark, Look] = {
    Mark.NEW: Look("#dcfce7", "#15803d", sign="+"),
    Mark.CHANGED: Look("#fef3c7", "#b45309", sign="≠"),
    Mark.GONE: Look("#fee2e2", "#b91c1c", sign="−", dashed=True),
    Mark.SAME: Look("#f8fafc", "#b6c2d1", FAINT),
}

ACTIVATIONS = frozenset(
    {
        "HardSwish",
        "Hardsigmoid",
        "Hardswish",
        "Mish",
        "Sigmoid",
        "Softmax",
        "Softplus",
        "Swish",
        "Tanh",
    }
)
"""Activations whose name does not end in LU."""


def kind_of(layer: Layer) -> Kind:
    """The kind of a layer; one that a user made is told by the usual parts of its name."""
    layer = computed(layer)
    name = layer.kind
    if isinstance(layer, Input):
        return Kind.TERMINAL
    if isinstance(layer, Conv2d):
        return Kind.SEPARABLE if layer.depthwise else Kind.CONVOLUTION
    if isinstance(layer, Linear):
        return Kind.LINEAR
    if layer.arity != 1:
        return Kind.MERGING
    if name.rstrip("6").endswith("LU") or name in ACTIVATIONS:
        return Kind.ACTIVATION
    for part, kind in (("Norm", Kind.NORMALISATION), ("Pool", Kind.POOLING), ("Conv", Kind.CONVOLUTION)):
        if part in name:
            return kind
    return Kind.OTHER


def kind_of_operation(label: str) -> Kind:
    """The kind of an operation in a cell, told by its name."""
    if label in ("direct", "skip", "input", "output"):
        return Kind.TERMINAL
    for start, kind in _OPERATIONS.items():
        if label.startswith(start):
            return kind
    return Kind.OTHER


_OPERATIONS = {
    "sep": Kind.SEPARABLE,
    "dil": Kind.SEPARABLE,
    "depthwise": Kind.SEPARABLE,
    "conv": Kind.CONVOLUTION,
    "nor_conv": Kind.CONVOLUTION,
    "avg": Kind.POOLING,
    "max": Kind.POOLING,
    "min": Kind.POOLING,
    "pool": Kind.POOLING,
    "add": Kind.MERGING,
    "concat": Kind.MERGING,
    "+": Kind.MERGING,
}
