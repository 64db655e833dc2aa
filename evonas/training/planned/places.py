"""Places: where buffers and tensors are, once there is an arena and a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor as TorchTensor
from torch import fx, nn

from .layout import room
from .normalised import Momentum
from .operation import Shape
from .recording import At, Buffer, Stride, Tensor


class Gradients:
    """Room for the gradients of all tensors that learn, which stays the same from step to step.

    Args:
        network: Whose tensors they are.
    """

    def __init__(self, network: nn.Module) -> None:
        _check(network)
        self.parameters = dict(network.named_parameters(remove_duplicate=True))
        starts, at = {}, 0
        for name, parameter in self.parameters.items():
            starts[name] = at
            at += room(parameter.numel())
        self.whole = torch.zeros(at)
        self.of = {
            name: self.whole.as_strided(parameter.shape, parameter.stride(), starts[name])
            for name, parameter in self.parameters.items()
        }

    def give(self) -> None:
        """Lets each parameter have its gradient."""
        for name, parameter in self.parameters.items():
            if parameter.requires_grad:
                parameter.grad = self.of[name]


class Places:
    """Where buffers and tensors are.

    Args:
        images: In a batch.
        network: With the tensors, on the CPU.
        arena: Room for the buffers.
        gradients: Room for the gradients.
    """

    def __init__(
        self, images: int, network: nn.Module, arena: np.ndarray[Any, Any], gradients: Gradients | None
    ) -> None:
        _check(network)
        self._network = network
        self._arena = arena
        self._start = arena.ctypes.data
        self._images = images
        self._gradients = gradients
        self._tensors: dict[str, TorchTensor] = dict(network.named_parameters()) | dict(
            network.named_buffers()
        )
        self._modules: dict[str, nn.Module] = {}
        self._views: dict[tuple[int, Shape], TorchTensor] = {}

    def tensor(self, name: Tensor) -> TorchTensor:
        """A tensor of the network, or its gradient."""
        if name.gradient and self._gradients is not None:
            return self._gradients.of[name.name]
        return self._tensors[name.name]

    def values(self, buffer: Buffer, shape: Shape) -> TorchTensor:
        """A batch of values in a buffer, as a tensor: channels last, as they lie there."""
        key = (buffer.offset, shape)
        if key not in self._views:
            here = self._arena[buffer.offset : buffer.offset + self._images * math.prod(shape)]
            # Each a tensor of its own to autograd, which counts changes by tensor.
            flat = torch.from_numpy(here)
            if len(shape) == 3:
                c, h, w = shape
                self._views[key] = flat.as_strided((self._images, c, h, w), (c * h * w, 1, w * c, c))
            else:
                self._views[key] = flat.view(self._images, *shape)
        return self._views[key]

    def module(self, node: str, emit: Callable[..., Any], inputs: int) -> nn.Module:
        """A module that computes a node's layer.

        Args:
            node: Whose.
            emit: Writes it into a graph.
            inputs: How many it reads.
        """
        if node not in self._modules:
            graph = fx.Graph()
            read = [graph.placeholder(f"input_{at}") for at in range(inputs)]
            graph.output(emit(graph, node, read))
            own = {name: module for name, module in self._network.named_modules() if name == node}
            self._modules[node] = fx.GraphModule(own, graph)
        return self._modules[node]

    def number(self, value: Any) -> int | float:
        """A number of a call."""
        if isinstance(value, Buffer):
            return self._start + 4 * value.offset
        if isinstance(value, At):
            return self._start + 4 * (value.buffer.offset + value.start)
        if isinstance(value, Tensor):
            return self.tensor(value).data_ptr()
        if isinstance(value, Stride):
            return self._stride(self._tensors[value.name], value.of_taps)
        if isinstance(value, Momentum):
            return float(self._network.get_submodule(value.name).momentum)  # type: ignore[arg-type]
        return value  # type: ignore[no-any-return]

    def _stride(self, weight: TorchTensor, of_taps: bool) -> int:
        if weight.dim() < 4:
            return 1
        _, channels, *window = weight.shape
        if weight.is_contiguous(memory_format=torch.channels_last):
            return channels if of_taps else 1
        return 1 if of_taps else math.prod(window)


def _check(network: nn.Module) -> None:
    """Checks that kernels can take a network's tensors as they lie in memory.

    Raises:
        ValueError: One is elsewhere, of another precision, or has gaps.
    """
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        layouts = [torch.contiguous_format] + ([torch.channels_last] if tensor.dim() == 4 else [])
        dense = any(tensor.is_contiguous(memory_format=layout) for layout in layouts)
        if tensor.is_floating_point() and not (tensor.dtype == torch.float32 and tensor.device.type == "cpu"):
            raise ValueError(f"{name}: expected float32 on the CPU, got {tensor.dtype} on {tensor.device}")
        if not dense:
            raise ValueError(f"{name}: expected a tensor without gaps, got strides {tensor.stride()}")
