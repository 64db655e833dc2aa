"""Kinds of layer that others make: what the Python file can say of them, and what it refuses."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import fx, nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, Flatten, GlobalAvgPool, Layer, Scale, Shape
from evonas.errors import UserError


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a test make kinds of layer that are gone after it."""
    monkeypatch.setattr(Layer, "kinds", dict(Layer.kinds))


def test_a_layer_of_functions_and_methods(
    chain: Callable[..., Architecture], kinds: None, checked: Callable[[Architecture], str]
) -> None:
    @dataclass(frozen=True)
    class Gate(Layer):
        slope: float = float("inf")

        def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
            gate = graph.call_function(torch.sigmoid, (values[0],))
            graph.call_function(torch.exp, (gate,))  # in vain
            limit = graph.call_method("clamp", (values[0],), {"max": self.slope})
            half = graph.call_function(operator.truediv, (gate, graph.call_function(operator.sub, (3, gate))))
            return graph.call_function(
                operator.mul, (limit, graph.call_function(operator.add, (half, limit)))
            )

    source = checked(chain(Conv2d(3), Gate(), Gate(2.0), Flatten()))
    assert "layer1_step = torch.sigmoid(layer0)\n" in source
    assert 'x = layer0.clamp(max=float("inf"))\n' in source
    assert "layer1 = x * ((layer1_step / (3 - layer1_step)) + x)" in source
    assert "torch.exp" not in source


def test_a_layer_of_pytorchs_modules(
    chain: Callable[..., Architecture], kinds: None, checked: Callable[[Architecture], str]
) -> None:
    @dataclass(frozen=True)
    class Plain(Layer):
        which: str = "relu"

        def module(self, inputs: Sequence[Shape]) -> nn.Module:
            return {
                "prelu": lambda: nn.PReLU(inputs[0][0], init=0.1),
                "layer": lambda: nn.LayerNorm(inputs[0], eps=1e-3, bias=False),
                "group": lambda: nn.GroupNorm(2, inputs[0][0]),
                "leaky": lambda: nn.LeakyReLU(0.3),
                "pool": lambda: nn.MaxPool2d((2, 2), 1),
                "up": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
            }[self.which]()

        def shape(self, inputs: Sequence[Shape]) -> Shape:
            channels, height, width = inputs[0]
            return {"pool": (channels, height - 1, width - 1), "up": (channels, 2 * height, 2 * width)}.get(
                self.which, inputs[0]
            )

        def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
            for parameter in module.parameters():
                parameter.normal_(generator=generator)

    source = checked(chain(*map(Plain, ["prelu", "layer", "group", "leaky", "pool", "up"]), GlobalAvgPool()))
    for call in (
        "nn.PReLU(num_parameters=2, init=0.1)",
        "nn.LayerNorm((2, 4, 4), eps=0.001, bias=False)",
        "nn.GroupNorm(2, 2)",
        "nn.LeakyReLU(negative_slope=0.3)",
        "nn.MaxPool2d((2, 2), stride=1)",
        'nn.Upsample(scale_factor=2.0, mode="bilinear")',
    ):
        assert call in source


class Swish(nn.Module):
    """A module that PyTorch does not have."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(x)


def swish(x: torch.Tensor) -> torch.Tensor:
    return F.silu(x)


swish.__name__ = "relu"  # PyTorch has another of that name


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (Swish, r"its module \S*Swish is not one of torch.nn's"),
        (lambda: nn.Sequential(nn.ReLU()), "its module nn.Sequential does not keep its argument args"),
        (swish, r"it calls \S*\.relu, which is not PyTorch's"),
    ],
    ids=["module", "container", "function"],
)
def test_a_layer_that_is_not_plain_pytorch_is_refused(
    chain: Callable[..., Architecture],
    kinds: None,
    written: Callable[[Architecture], str],
    tmp_path: Path,
    made: Any,
    reason: str,
) -> None:
    @dataclass(frozen=True)
    class SwishLayer(Layer):
        def module(self, inputs: Sequence[Shape]) -> nn.Module:
            return made()

        def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
            if made is swish:
                return graph.call_function(swish, (values[0],))
            return super().emit(graph, name, values)

    message = (
        r"^export to python: layer kind 'SwishLayer' \(node 'act.swish'\) cannot be written as plain "
        rf"PyTorch: {reason}; try pt2 or onnx$"
    )
    with pytest.raises(UserError, match=message):
        written(chain(SwishLayer(), GlobalAvgPool(), names=["act.swish", "pool"]))
    assert list(tmp_path.iterdir()) == []


def test_a_factor_is_a_parameter(
    chain: Callable[..., Architecture], checked: Callable[[Architecture], str]
) -> None:
    layers = [Conv2d(3), Scale(0.5), Scale(2.0), GlobalAvgPool()]
    source = checked(chain(*layers, names=["conv", "skip.factor", "again", "pool"]))
    assert "self.skip_factor = nn.Parameter(torch.ones((1,)))\n" in source
    assert "x = x * self.skip_factor\n" in source
