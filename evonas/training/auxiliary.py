"""The auxiliary head: a second classifier in the middle of a network, for training only."""

from __future__ import annotations

from torch import Tensor, fx, nn

from ..architecture import Architecture
from ..architecture.layers import AvgPool2d, BatchNorm2d, Conv2d, Flatten, Input, Linear, ReLU
from ..network import build
from ..task import Task

NAME = "auxiliary_head"


def auxiliary_head(shape: tuple[int, ...], task: Task) -> Architecture:
    """The head of Szegedy et al. 2016 as NASNet and AmoebaNet use it.

    Pooling 5×5 with stride 3, a 1×1 convolution of 128 filters, one of 768 filters over all that is left,
    a linear layer; images smaller than the window are pooled whole.

    Args:
        shape: Channels, height and width of what it reads.
        task: For the number of classes.
    """
    net = Architecture()
    node = net.add("features", Input(shape))
    node = net.add("relu", ReLU(), node)
    window = (min(5, shape[1]), min(5, shape[2]))
    node = net.add("pool", AvgPool2d(window, 3, padding=0), node)
    size = net.shape(node)[1:]
    for name, convolution in (
        ("squeeze", Conv2d(128, 1)),
        ("whole", Conv2d(768, (size[0], size[1]), padding=0)),
    ):
        node = net.add(f"{name}.conv", convolution, node)
        node = net.add(f"{name}.bn", BatchNorm2d(), node)
        node = net.add(f"{name}.relu", ReLU(), node)
    node = net.add("flatten", Flatten(), node)
    net.add("classifier", Linear(task.classes), node)
    return net


def with_auxiliary(
    network: fx.GraphModule, architecture: Architecture, node: str, task: Task, seed: int
) -> nn.Module:
    """A view of a network that also gives the logits of an auxiliary head.

    The view shares every tensor with the network, which stays as it is.

    Args:
        network: As `evonas.network.build` made it, on the CPU.
        architecture: What it was built from.
        node: Where the head reads.
        task: For the number of classes.
        seed: Of the head's weights.

    Returns:
        A module that maps images to a pair of logits.
    """
    head = build(auxiliary_head(architecture.shape(node), task), seed)
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    result = graph.graph_copy(network.graph, copies)
    place = network.meta["nodes"][node]
    source = next(copies[original] for original in copies if original.name == place)
    graph.output((result, graph.call_module(NAME, (source,))))
    modules: dict[str, nn.Module] = {name: module for name, module in network.named_modules() if name}
    return fx.GraphModule({**modules, NAME: head}, graph, class_name="WithAuxiliary")


def split_logits(output: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor | None]:
    """The logits and, where there is a head, the auxiliary ones."""
    return output if isinstance(output, tuple) else (output, None)
