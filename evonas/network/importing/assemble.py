"""From a trace to an architecture: one layer for each call, and names for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn

from ...architecture import Architecture
from ...architecture.layers import Input
from ...errors import UserError
from .edges import PARTS
from .folding import fold
from .functions import PRECISION, function_part, name_of
from .joining import join_constants, join_pools
from .layerwise import Layerwise
from .modules import module_part
from .naming import Namer
from .orders import check_order
from .part import NoLayerError, Part, Value
from .trace import Traced

Weights = dict[str, torch.Tensor]


def assemble(traced: Traced) -> tuple[Architecture, Weights]:
    """The architecture, and the tensors of its nodes.

    Raises:
        UserError: Something cannot be represented; the message names it.
    """
    assembler = _Assembler(traced)
    assembler.add_all()
    assembler.check_all()
    net = assembler.net
    net.output = assembler.names[traced.output]
    net.prune()
    join_pools(net)
    weights = {key: value for key, value in assembler.weights.items() if key.rpartition(".")[0] in net}
    fold(net, weights, assembler.constants)
    join_constants(net, weights, assembler.constants)
    net.validate()
    return net, weights


class _Assembler:
    """Goes through a trace, call by call."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.net = Architecture()
        self.namer = Namer()
        self.needed = _needed(traced)
        self.names: dict[fx.Node, str] = {}  # the architecture's node that holds what a call gave
        self.calls: dict[str, fx.Node] = {}  # the call that each of the architecture's nodes was made of
        self.weights: Weights = {}
        self.constants: set[str] = set()  # the nodes that scale and shift by constants
        self._owners: dict[int, str] = {}  # who uses a tensor of the model's, by its address
        module = traced.module
        self._kept = {tensor.data_ptr() for tensor in [*module.parameters(), *module.buffers()]}
        self.images: Value = traced.results[traced.image]
        self._named(traced.image, self.net.add(self.namer.name("image"), Input(self.images.shape[1:])))

    def add_all(self) -> None:
        """Adds a layer for each call that the output needs."""
        for node in self.traced.graph.nodes:
            if node not in self.needed or node in self.names:
                continue
            if "lost" in node.meta:
                raise UserError(f"model: {node.meta['lost']}")
            if node.op == "call_function" and name_of(node) == "getitem" and self._unpacked(node):
                continue
            result = self.traced.results[node]
            divides = not isinstance(result, Value) and name_of(node) in PARTS
            if not isinstance(result, Value) and not divides and not _several(result):
                continue  # a constant, or a size
            with self._said_of(node):
                if divides:  # into parts, which are taken by those that read them
                    self._check_divided(node)
                else:
                    self._add(node, result)

    def check_all(self) -> None:
        """Checks that each layer computes what its call does."""
        layerwise = Layerwise(self.traced, self.net, self.weights, self.calls, self.needed)
        with self.traced.evaluating(), torch.no_grad():
            for node in self.traced.graph.nodes:
                if node in self.needed:
                    with self._said_of(node):
                        layerwise.check(node)

    @contextmanager
    def _said_of(self, node: fx.Node) -> Iterator[None]:
        """Says of a call what is said."""
        try:
            yield
        except (NoLayerError, UserError) as error:
            line = node.meta.get("line") if node.op != "call_module" else ""
            where = f" (called in {line})" if line else ""
            raise UserError(
                f"model: {self._described(node)} cannot be represented: {error}{where}"
            ) from error

    def _named(self, node: fx.Node, name: str) -> None:
        self.names[node] = name
        self.calls[name] = node

    def _unpacked(self, node: fx.Node) -> bool:
        """Takes the first of several results: the others are indices or statistics."""
        source, position = node.args
        if not isinstance(source, fx.Node) or source not in self.names or position != 0:
            return False
        if isinstance(self.traced.results[source], Value):
            return False
        self.names[node] = self.names[source]
        return True

    def _check_divided(self, node: fx.Node) -> None:
        read = [self.traced.results[source] for source in node.all_input_nodes]
        check_order([value.last for value in read if isinstance(value, Value)], False)

    def _add(self, node: fx.Node, result: Any) -> None:
        value = result if isinstance(result, Value) else _first(node, result)
        part = self._part(node, value)
        inputs = [self.names[read.node] for read in part.inputs]
        if part.layer is None:
            self.names[node] = inputs[0]
            return
        for tensor in part.tensors.values():
            self._claim(tensor, node)
        name = self.net.add(self.namer.name(self._path(node)), part.layer, *inputs)
        if self.net.shape(name) != value.shape[1:]:
            raise NoLayerError(f"its layer gives {self.net.shape(name)}, the model {value.shape[1:]}")
        if value.dtype != self.images.dtype:
            raise NoLayerError(f"it gives {value.dtype} of images in {self.images.dtype}; {PRECISION}")
        self._named(node, name)
        self.weights.update({f"{name}.{key}": _copy(tensor) for key, tensor in part.tensors.items()})
        if part.constant:
            self.constants.add(name)

    def _part(self, node: fx.Node, result: Value) -> Part:
        positional = [self._argument(argument) for argument in node.args]
        keywords = {key: self._argument(argument) for key, argument in node.kwargs.items()}
        if node.op == "call_module":
            module = self.traced.module.get_submodule(str(node.target))
            return module_part(module, [*positional, *keywords.values()])
        return function_part(node, positional, keywords, result)

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self.traced.results[argument]
        if isinstance(argument, (list, tuple)):
            return [self._argument(item) for item in argument]
        if isinstance(argument, slice):
            return slice(*map(self._argument, (argument.start, argument.stop, argument.step)))
        return argument

    def _claim(self, tensor: torch.Tensor, node: fx.Node) -> None:
        """Notes who uses a tensor: a second user would get a copy of its own.

        Raises:
            NoLayerError: It is used already.
        """
        address, here = tensor.data_ptr(), self._described(node)
        if address not in self._kept:
            return
        if address in self.traced.unsteady:
            raise NoLayerError("the model changes its tensors while it computes, which are constants here")
        if address in self._owners:
            other = self._owners[address]
            shared = "it is called more than once" if other == here else f"it shares a tensor with {other}"
            raise NoLayerError(f"{shared}, and weights cannot be shared: each layer has its own")
        self._owners[address] = here

    def _path(self, node: fx.Node) -> str:
        """Where in the model a call is made, and the function, unless a module of PyTorch's calls it."""
        if node.op == "call_module":
            return str(node.target)
        path, kind = _place(node)
        inside = kind.startswith("torch.nn.modules.") and ".container." not in kind
        if inside and path:
            return path
        return f"{path}.{name_of(node)}" if path else name_of(node)

    def _described(self, node: fx.Node) -> str:
        if node.op == "call_module":
            module: nn.Module = self.traced.module.get_submodule(str(node.target))
            return f"{node.target} ({type(module).__name__})"
        path, kind = _place(node)
        where = f" in {path} ({kind.rpartition('.')[2]})" if path else ""
        return f"the operation {name_of(node)!r}{where}"


def _place(node: fx.Node) -> tuple[str, str]:
    """The path of the module that makes a call, and its class; empty for the model itself."""
    stack = [entry for entry in (node.meta.get("nn_module_stack") or {}).values() if isinstance(entry, tuple)]
    if not stack or str(stack[-1][0]).startswith("_"):
        return "", ""
    path, kind = stack[-1]
    name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return str(path).partition("@")[0], name


def _needed(traced: Traced) -> set[fx.Node]:
    """The calls that the output depends on."""
    needed: set[fx.Node] = set()
    waiting = [traced.output]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting.extend(node.all_input_nodes)
    return needed


def _several(result: Any) -> bool:
    return isinstance(result, tuple) and bool(result) and isinstance(result[0], torch.Tensor)


def _first(node: fx.Node, results: tuple[torch.Tensor, ...]) -> Value:
    return Value(node, tuple(results[0].shape), results[0].dtype)


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
