"""Each layer beside the call that it was made of, for random images.

A difference need not show in the logits: a branch that begins at zero hides all that is in it, and so does a
classifier that does. So each call is made once more, and its layer reads the same as it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

import torch
from torch import fx, nn

from ...architecture import Architecture
from ..network import undrawn_module
from .orders import TO_FIRST
from .part import NoLayerError, Value
from .trace import Traced

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
"""The largest difference, relative to the largest number or to the spread; 0.05 for lower precision."""

LARGEST = 3e38
"""Infinite numbers become these, as those do that padding is filled with."""


class Layerwise:
    """Goes through a trace once more.

    Args:
        traced: The trace.
        net: What was made of it, before layers are joined.
        weights: Its tensors.
        calls: The call that each of its nodes was made of.
        needed: The calls that the logits depend on.
    """

    def __init__(
        self,
        traced: Traced,
        net: Architecture,
        weights: Mapping[str, torch.Tensor],
        calls: Mapping[str, fx.Node],
        needed: Set[fx.Node],
    ) -> None:
        self._traced = traced
        self._net = net
        self._weights = weights
        self._names = {node: name for name, node in calls.items()}
        self._values: dict[fx.Node, Any] = {}
        self._outputs: dict[str, torch.Tensor] = {}  # of the architecture's nodes, as the model has them
        self._waiting = {node: sum(user in needed for user in node.users) for node in needed}
        self._unread = Counter(source for name in net for source in net.inputs(name))

    def check(self, node: fx.Node) -> None:
        """Makes the next call, in the order of the graph.

        Raises:
            NoLayerError: Its layer gives something else.
        """
        result = self._images() if node is self._traced.image else self._called(node)
        self._values[node] = result
        for read in node.all_input_nodes:
            self._waiting[read] -= 1
            if not self._waiting[read]:
                del self._values[read]
        name = self._names.get(node)
        if name is None:
            return
        self._outputs[name] = self._channels_first(node, result)
        if node is not self._traced.image and not self._net.layer(name).steered:
            _compare(self._layer(name), self._outputs[name])
        for source in self._net.inputs(name):
            self._unread[source] -= 1
            if not self._unread[source]:
                del self._outputs[source]

    def _images(self) -> torch.Tensor:
        image: Value = self._traced.results[self._traced.image]
        numbers = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
        return numbers.to(self._traced.expected.device, image.dtype)

    def _called(self, node: fx.Node) -> Any:
        """What a call gives; hooks of a module are calls of their own."""
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), lambda read: self._values[read])
        if node.op == "call_module":
            return self._traced.module.get_submodule(str(node.target)).forward(*args, **kwargs)
        if node.op == "call_method":
            found = getattr(args[0], str(node.target))
            return found if isinstance(found, torch.Tensor) else found(*args[1:], **kwargs)
        return node.target(*args, **kwargs)  # type: ignore[operator]

    def _channels_first(self, node: fx.Node, result: Any) -> torch.Tensor:
        tensor: torch.Tensor = result[0] if isinstance(result, (tuple, list)) else result
        known = self._traced.results[node]
        last = isinstance(known, Value) and known.last
        return (tensor.permute(TO_FIRST) if last else tensor).clone()

    def _layer(self, name: str) -> torch.Tensor:
        """What the architecture's node gives for what the call has read."""
        graph, layer = fx.Graph(), self._net.layer(name)
        read = [self._outputs[source] for source in self._net.inputs(name)]
        values = [graph.placeholder(f"input{number}") for number in range(len(read))]
        graph.output(layer.emit(graph, "layer", values))
        holder = nn.Module()
        if any(node.op == "call_module" for node in graph.nodes):
            holder.add_module("layer", self._module(name, read[0]))
        outputs: torch.Tensor = fx.Interpreter(holder, graph=graph).run(*read)
        return outputs

    def _module(self, name: str, like: torch.Tensor) -> nn.Module:
        module = undrawn_module(self._net, name).to(like.device, like.dtype)
        own = {key: tensor for key, tensor in self._weights.items() if key.rpartition(".")[0] == name}
        with torch.no_grad():
            for key, tensor in (dict(module.named_parameters()) | dict(module.named_buffers())).items():
                tensor.copy_(own[f"{name}.{key}"])
        return module.eval()


def _compare(outputs: torch.Tensor, expected: torch.Tensor) -> None:
    limit = TOLERANCE.get(expected.dtype, 0.05)
    given, wanted = (_finite(tensor) for tensor in (outputs, expected))
    size = float(wanted.abs().max()) or 1.0
    gap = float((given - wanted).abs().max()) / size if given.shape == wanted.shape else 1.0
    if not gap <= limit:
        raise NoLayerError(
            f"a layer of that name gives other numbers, by {gap:.2g} of the largest: the model's own "
            "computes something else, or draws random numbers"
        )


def _finite(tensor: torch.Tensor) -> torch.Tensor:
    return torch.nan_to_num(tensor.double(), nan=LARGEST).clamp(-LARGEST, LARGEST)
