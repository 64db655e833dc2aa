"""What PyTorch computes within a plan: its library's convolutions, and layers with no kernel here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .operation import Operation
from .recording import Recorder, Tensor

if TYPE_CHECKING:
    import torch

    from .places import Places


@dataclass(frozen=True)
class LibraryConvolution(Operation):
    """A convolution that PyTorch's library computes faster: of many channels with many, or in groups.

    Attributes:
        node: With the weights.
        stride: Down and across.
        padding: Above and to the left.
        dilation: Between taps.
        groups: Of channels.
        bias: Whether a bias is added.
    """

    node: str = ""
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    bias: bool = False

    def forward(self, to: Recorder) -> None:
        x, made = to.value(self.inputs[0]), self.made(to)

        def run(places: Places) -> None:
            from torch.nn import functional as F

            bias = places.tensor(Tensor(f"{self.node}.bias")) if self.bias else None
            weight = places.tensor(Tensor(f"{self.node}.weight"))
            image = places.values(x, self.shapes[0])
            result = F.conv2d(image, weight, bias, self.stride, self.padding, self.dilation, self.groups)
            places.values(made, self.shape).copy_(result)

        to.island(run, x, made)

    def backward(self, to: Recorder) -> None:
        x, g = to.value(self.inputs[0]), to.gradient(self.output)
        needed = to.needed(self.inputs[0])
        target, add = to.towards(self.inputs[0]) if needed else (None, 0)

        def run(places: Places) -> None:
            import torch

            weight = places.tensor(Tensor(f"{self.node}.weight"))
            names = ["weight", "bias"][: 1 + self.bias]
            gradients = torch.ops.aten.convolution_backward(
                places.values(g, self.shape),
                places.values(x, self.shapes[0]),
                weight,
                [weight.shape[0]] if self.bias else None,
                self.stride,
                self.padding,
                self.dilation,
                False,
                [0, 0],
                self.groups,
                [needed, True, self.bias],
            )
            if target is not None:
                there = places.values(target, self.shapes[0])
                (there.add_ if add else there.copy_)(gradients[0])
            for name, gradient in zip(names, gradients[1:], strict=False):
                places.tensor(Tensor(f"{self.node}.{name}", True)).copy_(gradient)

        to.island(run, x, g, *([] if target is None else [target]))


@dataclass(frozen=True)
class Layered(Operation):
    """A layer as PyTorch computes it, its gradients by autograd.

    Attributes:
        emit: Writes it into a graph.
        tensors: Names of its tensors that learn, ``node.tensor``.
    """

    emit: Callable[..., Any] = lambda graph, name, values: values[0]
    tensors: tuple[str, ...] = ()

    def forward(self, to: Recorder) -> None:
        sources, made = [to.value(name) for name in self.inputs], self.made(to)
        needed = [to.training and to.needed(name) for name in self.inputs]
        box: dict[str, Any] = to.keep(self.output, {})

        def run(places: Places) -> None:
            import torch

            module = places.module(self.output, self.emit, len(self.inputs))
            with torch.set_grad_enabled(to.training):
                read = [
                    places.values(source, shape).detach().requires_grad_(learns)
                    for source, shape, learns in zip(sources, self.shapes, needed, strict=True)
                ]
                result = module(*read)
            places.values(made, self.shape).copy_(result.detach())
            if to.training:
                box["read"], box["result"] = read, result

        to.island(run, *sources, made)

    def backward(self, to: Recorder) -> None:
        g, box = to.gradient(self.output), to.kept(self.output)
        sources = [to.value(name) for name in self.inputs]
        targets = {at: to.towards(name) for at, name in enumerate(self.inputs) if to.needed(name)}

        def run(places: Places) -> None:
            import torch

            read, result = box.pop("read"), box.pop("result")
            tensors = [(Tensor(name, True), places.tensor(Tensor(name))) for name in self.tensors]
            own = [(place, tensor) for place, tensor in tensors if tensor.requires_grad]
            wanted = [read[at] for at in targets] + [tensor for _, tensor in own]
            if not result.requires_grad:
                found: tuple[torch.Tensor | None, ...] = (None,) * len(wanted)
            else:
                found = torch.autograd.grad(result, wanted, places.values(g, self.shape), allow_unused=True)
            for (at, (target, add)), gradient in zip(targets.items(), found, strict=False):
                there = places.values(target, self.shapes[at])
                if gradient is None:
                    there.mul_(add)
                else:
                    (there.add_ if add else there.copy_)(gradient)
            for (place, _), gradient in zip(own, found[len(targets) :], strict=True):
                there = places.tensor(place)
                there.zero_() if gradient is None else there.copy_(gradient)

        to.island(run, *sources, to.value(self.output), g, *(target for target, _ in targets.values()))
