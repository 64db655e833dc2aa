"""Folding: layers that follow each other in a line become one box, such as convolution, BN, ReLU."""

from __future__ import annotations

from dataclasses import dataclass

from ..architecture import Architecture
from ..architecture.layers import Conv2d, Dropout, Flatten, Layer, Reuse, Shift, computed
from .palette import Kind, kind_of

Fold = tuple[str, ...]
"""The nodes of one box, each after those it reads."""

_LIGHT = (Dropout, Flatten, Shift)
_LEADING = (Flatten, Shift)
"""Layers that belong to what follows them."""


def fold_chains(architecture: Architecture) -> list[Fold]:
    """Every node in exactly one fold; a fold of several is a linear chain around one main layer.

    Folds come in the order of their first nodes.
    """
    folds: list[Fold] = []
    place: dict[str, int] = {}
    for name in architecture:
        before = _only_source(architecture, name)
        if before is not None and _belongs(architecture, folds[place[before]], name):
            place[name] = place[before]
            folds[place[name]] += (name,)
        else:
            place[name] = len(folds)
            folds.append((name,))
    return folds


def is_chain(architecture: Architecture, fold: Fold) -> bool:
    """Whether `fold_chains` would make these nodes one box."""
    for before, name in zip(fold, fold[1:], strict=False):
        if _only_source(architecture, name) != before:
            return False
    return all(_belongs(architecture, fold[:end], fold[end]) for end in range(1, len(fold)))


def _only_source(architecture: Architecture, name: str) -> str | None:
    """The node that this one reads, if it reads one alone and is that one's only reader."""
    inputs = architecture.inputs(name)
    if len(inputs) != 1 or len(architecture.readers(inputs[0])) != 1 or inputs[0] == architecture.output:
        return None
    return inputs[0]


def is_light(layer: Layer) -> bool:
    """Whether a layer goes into the box of another: activation, normalisation and the like."""
    return isinstance(layer, _LIGHT) or kind_of(layer) in (Kind.ACTIVATION, Kind.NORMALISATION)


def is_separable(first: Layer, second: Layer) -> bool:
    """Whether two convolutions in a row are one separable convolution: depthwise, then 1×1."""
    first, second = computed(first), computed(second)
    if not (isinstance(first, Conv2d) and isinstance(second, Conv2d)):
        return False
    pointwise = second.kernel == (1, 1) and second.groups == 1 and not second.depthwise
    return first.depthwise and pointwise and second.stride == (1, 1)


def _belongs(architecture: Architecture, fold: Fold, name: str) -> bool:
    """Whether a node that follows a fold goes into it."""
    layers = [architecture.layer(member) for member in fold]
    layer = architecture.layer(name)
    if kind_of(layers[-1]) is Kind.TERMINAL:
        return False
    mains = [member for member in layers if not is_light(member)]
    if not is_light(layer):
        return not mains or is_separable(layers[-1], layer)
    if isinstance(layer, _LEADING):
        return not mains
    # A second activation or normalisation starts the next box: layers that come before a
    # convolution (pre-activation) are then drawn with it, and those that come after it likewise.
    return kind_of(layer) not in [kind_of(member) for member in layers if is_light(member)]


@dataclass(frozen=True)
class Label:
    """What a chain's box says of its layers: one line, the steps where there are several, its kind."""

    title: str
    steps: str
    kind: Kind


def label_of(layers: list[Layer]) -> Label:
    """The label of a chain."""
    mains = [layer for layer in layers if not is_light(layer)]
    if not mains:
        return Label(" · ".join(layer.label() for layer in layers), "", kind_of(layers[-1]))
    kind = kind_of(mains[0])
    if kind is Kind.MERGING:
        return Label(" · ".join(layer.label() for layer in layers), "", kind)
    title = mains[0].label() if len(mains) == 1 else _separable_title(mains[0], mains[1])
    steps = " · ".join(_step(layer, len(mains) > 1) for layer in layers) if len(layers) > 1 else ""
    return Label(title, steps, kind)


def _separable_title(depthwise: Layer, pointwise: Layer) -> str:
    """Such as ``sep 3×3 → 24 stride 2``."""
    words = depthwise.label().split()  # depthwise 3×3 stride 2
    return " ".join(["sep", words[1], *pointwise.label().split()[2:4], *words[2:]])


def _step(layer: Layer, separable: bool) -> str:
    """One layer in a list of steps, without what the title says already."""
    if isinstance(layer, Reuse):
        return f"{_step(layer.layer, separable)} again"
    if isinstance(layer, Conv2d):
        return "depthwise" if layer.depthwise else "1×1" if separable else "conv"
    return layer.label().split(" → ")[0].split(" stride ")[0]
