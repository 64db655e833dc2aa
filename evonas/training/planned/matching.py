"""Matching: which nodes of an architecture are computed together, and by what.

A convolution takes in the ReLU before it where only convolutions read that one, the convolution by channel
before it, the normalisation behind it and the ReLU behind that, each where nothing else reads what lies
between. What has no kernel is left to PyTorch, one layer at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ...architecture import Architecture
from ...architecture.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Input,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Reuse,
    Shift,
    pair,
)
from .convolved import Convolved
from .islands import Layered, LibraryConvolution
from .kernels.window import Window
from .moving import Flat, Join, Move, Rectified, Sum
from .normalised import Norm, Normalised
from .operation import Operation, Shape
from .pooled import Averaged, Pooled

WIDE = 64 * 64
"""Input times output channels above which PyTorch's library convolves whole windows faster."""


NARROW = 32 * 32
"""As `WIDE`, of results with fewer columns than `COLUMNS`."""

COLUMNS = 4
"""Pixels of a row that our kernel works on at a time."""


@dataclass(frozen=True)
class Head:
    """A second classifier that reads a node of a network.

    Attributes:
        architecture: The head's.
        node: What it reads.
        name: Of the module that holds it.
    """

    architecture: Architecture
    node: str
    name: str


@dataclass(frozen=True)
class _Node:
    name: str
    layer: Layer
    inputs: tuple[str, ...]


@dataclass
class Matched:
    """What is computed for a network.

    Attributes:
        operations: In their order.
        image: The node where images enter.
        shape: Of an image.
        outputs: The nodes with logits: the network's, and the head's where there is one.
        network: What computes the network without a second classifier; None where there is none.
        plans: Those that `plan_step` has made, by the number of images, and whether they are of training.
    """

    operations: list[Operation] = field(default_factory=list)
    image: str = ""
    shape: Shape = ()
    outputs: list[str] = field(default_factory=list)
    network: Matched | None = None
    plans: dict[tuple[int, bool], Any] = field(default_factory=dict)

    def alone(self) -> Matched:
        """Without a second classifier."""
        return self if self.network is None else self.network

    @property
    def native(self) -> float:
        """The share of operations that kernels of ours compute, in [0, 1]."""
        theirs = sum(isinstance(one, Layered | LibraryConvolution) for one in self.operations)
        return 1 - theirs / max(len(self.operations), 1)


def can_plan(architecture: Architecture) -> bool:
    """Whether steps of a network can be planned: no layer of it is called twice, and it reads images."""
    layers = [architecture.layer(name) for name in architecture]
    reads = architecture.shape(architecture.input)
    return len(reads) == 3 and not any(isinstance(layer, Reuse) for layer in layers)


def match(architecture: Architecture, head: Head | None = None, steered: bool = True) -> Matched:
    """Finds what computes a network.

    Args:
        architecture: The network's.
        head: A second classifier.
        steered: Whether layers that a trainer steers are there (`build`).
    """
    found = _Matcher(architecture, head, steered).found
    if head is not None:
        found.network = _Matcher(architecture, None, steered).found
    return found


class _Matcher:
    def __init__(self, architecture: Architecture, head: Head | None, steered: bool) -> None:
        self.shapes: dict[str, Shape] = {}
        self.nodes: dict[str, _Node] = {}
        self.alias: dict[str, str] = {}
        self.found = Matched()
        self._take(architecture, "", None, steered)
        self.found.outputs.append(self._meant(architecture.output))
        if head is not None:
            self._take(head.architecture, f"{head.name}.", head.node, steered)
            self.found.outputs.append(self._meant(f"{head.name}.{head.architecture.output}"))
        self.readers: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            for source in node.inputs:
                self.readers[source].append(node.name)
        for output in self.found.outputs:
            self.readers[output].append("")  # the loss reads it
        self._done: set[str] = set()
        for name in self.nodes:
            if name not in self._done:
                self._one(self.nodes[name])
        self._defer()

    def _defer(self) -> None:
        """Leaves normalisations to the one operation that reads their result, where it can."""
        read: dict[str, list[Operation]] = {}
        for one in self.found.operations:
            for name in one.inputs:
                read.setdefault(name, []).append(one)
        for at, one in enumerate(self.found.operations):
            readers = read.get(one.output, [])
            if not isinstance(one, Convolved) or one.norm is None or one.output in self.found.outputs:
                continue
            if len(readers) == 1 and isinstance(readers[0], Convolved | Sum) and len(one.shape) == 3:
                self.found.operations[at] = replace(one, norm=replace(one.norm, deferred=True))

    def _meant(self, name: str) -> str:
        return self.alias.get(name, name)

    def _take(self, architecture: Architecture, prefix: str, reads: str | None, steered: bool) -> None:
        """Notes nodes; those that only hand on what they read stand for it."""
        shapes = architecture.shapes()
        for name in architecture:
            layer, own = architecture.layer(name), prefix + name
            inputs = tuple(self._meant(prefix + source) for source in architecture.inputs(name))
            self.shapes[own] = shapes[name]
            one = isinstance(layer, Add | Concat) and len(inputs) == 1
            if one or (layer.steered and not steered):
                self.alias[own] = inputs[0]
            elif isinstance(layer, Input):
                if reads is not None:
                    self.alias[own] = self._meant(reads)
                else:
                    self.found.image, self.found.shape = own, shapes[name]
                    self.nodes[own] = _Node(own, layer, ())
                    self._done = set()
            else:
                self.nodes[own] = _Node(own, layer, inputs)

    # -- one node, and what it takes in ------------------------------------------------------------

    def _reader(self, name: str) -> _Node | None:
        """What reads a node, where only one thing does."""
        readers = self.readers[name]
        return self.nodes[readers[0]] if len(readers) == 1 and readers[0] else None

    def _add(
        self, kind: type[Operation], at: _Node, output: str = "", inputs: tuple[str, ...] = (), **more: object
    ) -> None:
        output, inputs = output or at.name, inputs or at.inputs
        shapes = tuple(self.shapes[name] for name in inputs)
        self.found.operations.append(kind(output, inputs, self.shapes[output], shapes, **more))

    def _one(self, node: _Node) -> None:
        layer = node.layer
        self._done.add(node.name)
        if isinstance(layer, Input):
            return
        if isinstance(layer, Conv2d):
            self._convolution(node, layer)
        elif type(layer) is BatchNorm2d:
            self._add_norm(node, layer)
        elif type(layer) is ReLU:
            if not self._taken_in(node):
                self._add(Rectified, node)
        elif type(layer) is Linear:
            self._add(Convolved, node, node=node.name, bias=layer.bias)
        else:
            self._plain(node, layer)

    def _plain(self, node: _Node, layer: Layer) -> None:
        """A layer without tensors, by a kernel where there is one."""
        if type(layer) is Add:
            alone = tuple(self.readers[source] == [node.name] for source in node.inputs)
            self._add(Sum, node, alone=alone)
        elif type(layer) is Concat:
            self._add(Join, node)
        elif type(layer) is Shift:
            self._add(Move, node, down=1, right=1)
        elif type(layer) is GlobalAvgPool:
            self._add(Averaged, node)
        elif type(layer) is Flatten:
            self._add(Flat, node)
        elif isinstance(layer, MaxPool2d | AvgPool2d) and type(layer) in (MaxPool2d, AvgPool2d):
            kernel, stride, padding = pair(layer.kernel), pair(layer.stride), layer.pads[0]
            largest = type(layer) is MaxPool2d
            self._add(Pooled, node, largest=largest, kernel=kernel, stride=stride, padding=padding)
        else:
            self._layered(node)

    def _layered(self, node: _Node) -> None:
        shapes = [self.shapes[name] for name in node.inputs]
        tensors = tuple(f"{node.name}.{name}" for name in node.layer.parameters(shapes))
        self._add(Layered, node, emit=node.layer.emit, tensors=tensors)

    def _taken_in(self, node: _Node) -> bool:
        """Whether all that read a ReLU are convolutions that rectify what they read themselves."""
        readers = [self.nodes[name] if name else None for name in self.readers[node.name]]
        return bool(readers) and all(
            reader is not None and isinstance(reader.layer, Conv2d) and self._by_kernel(reader, reader.layer)
            for reader in readers
        )

    def _by_kernel(self, node: _Node, layer: Conv2d) -> bool:
        """Whether a kernel of ours computes a convolution."""
        if layer.depthwise:
            return not _window(layer).single and _fits(_window(layer), layer.pads)
        return self._dense(node, layer)

    def _dense(self, node: _Node, layer: Conv2d) -> bool:
        single = pair(layer.kernel) == (1, 1)
        if layer.groups != 1 or layer.depthwise or (single and layer.pads != (0, 0)):
            return False
        if not _fits(_window(layer), layer.pads):
            return False
        channels = self.shapes[node.inputs[0]][0] * self.shapes[node.name][0]
        return single or channels <= (WIDE if self.shapes[node.name][2] >= COLUMNS else NARROW)

    def _behind(self, node: _Node, layer: Conv2d) -> _Node | None:
        """The convolution behind one by channel, where both can be one."""
        after = self._reader(node.name)
        if layer.bias or after is None:
            return None
        second = after.layer
        if not isinstance(second, Conv2d) or second.depthwise or second.groups != 1:
            return None
        plain = _window(second) == Window() and second.pads == (0, 0)
        return after if plain else None

    def _convolution(self, node: _Node, layer: Conv2d) -> None:
        if not self._by_kernel(node, layer):
            if layer.depthwise:
                self._layered(node)
            else:
                self._add(
                    LibraryConvolution,
                    node,
                    node=node.name,
                    stride=pair(layer.stride),
                    padding=layer.pads,
                    dilation=pair(layer.dilation),
                    groups=layer.groups,
                    bias=layer.bias,
                )
            return
        last, depthwise = node, ""
        if layer.depthwise:
            last, depthwise = self._behind(node, layer) or node, node.name
        weights, bias = last.name, isinstance(last.layer, Conv2d) and last.layer.bias
        source, relu = node.inputs[0], False
        before = self.nodes[source]
        if type(before.layer) is ReLU and self._taken_in(before) and self._not_behind_norm(before):
            source, relu = before.inputs[0], True
        norm = None
        behind = self._reader(last.name)
        if behind is not None and type(behind.layer) is BatchNorm2d and not bias:
            norm, last = self._norm(behind, behind.layer)
        self._done.update({node.name, weights, last.name})
        self._add(
            Convolved,
            node,
            last.name,
            (source,),
            node=weights,
            depthwise=depthwise,
            window=_window(layer),
            padding=layer.pads,
            bias=bias,
            relu=relu,
            norm=norm,
        )

    # -- normalisations ----------------------------------------------------------------------------

    def _norm(self, node: _Node, layer: BatchNorm2d) -> tuple[Norm, _Node]:
        """A normalisation, and the node that gives its result: a ReLU that alone reads it is part of it."""
        after = self._reader(node.name)
        rectified = after is not None and type(after.layer) is ReLU
        last = after if rectified and after is not None else node
        self._done.update({node.name, last.name})
        return Norm(node.name, layer.epsilon, rectified), last

    def _add_norm(self, node: _Node, layer: BatchNorm2d) -> None:
        norm, last = self._norm(node, layer)
        self._add(Normalised, node, last.name, node.inputs, norm=norm)

    def _not_behind_norm(self, relu: _Node) -> bool:
        """Whether a ReLU is not part of a normalisation before it."""
        before = self.nodes[relu.inputs[0]]
        return not (type(before.layer) is BatchNorm2d and self._reader(before.name) is relu)


def _window(layer: Conv2d) -> Window:
    return Window(pair(layer.kernel), pair(layer.stride), pair(layer.dilation))


def _fits(window: Window, padding: tuple[int, int]) -> bool:
    """Whether an image is padded by no more than the window reaches."""
    return all(pad <= reach for pad, reach in zip(padding, window.reach, strict=True))
