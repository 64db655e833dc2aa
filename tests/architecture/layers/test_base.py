import dataclasses
import json
import re

import pytest
import torch
from torch import nn

from evonas.architecture import layers
from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, Input, Layer, MaxPool2d
from evonas.errors import UserError
from evonas.network.network import build

EXAMPLES = [
    layers.Input((3, 8, 8)),
    layers.Conv2d(8, (1, 7), 2, padding=(0, 3), bias=True),
    layers.Conv2d(kernel=5, dilation=2, depthwise=True),
    layers.BatchNorm2d(1e-3),
    layers.ReLU(),
    layers.Dropout(0.1),
    layers.Add(),
    layers.Concat(),
    layers.MaxPool2d(2, 2),
    layers.MinPool2d(2),
    layers.AvgPool2d((3, 1), padding=0),
    layers.GlobalAvgPool(),
    layers.Shift(),
    layers.Flatten(),
    layers.Linear(4, bias=False),
    layers.DropPath(),
    layers.LeakyReLU(0.1),
    layers.Resize((3, 2)),
    layers.TakeChannels(3),
    layers.TakeChannels(3, start=2),
    layers.PadChannels(2),
    layers.PadChannels(0, before=2),
    layers.PReLU(shared=False),
    layers.Dropout2d(0.2),
    layers.GroupNorm(2),
    layers.LayerNorm(1e-3),
    layers.LayerNorm2d(),
    layers.BatchNorm1d(1e-3),
    layers.Resize(4, "bilinear", corners=True),
    layers.ConvTranspose2d(4, 3, 2, padding=1, output_padding=1),
    layers.Pad((0, 1, -1, 2)),
    layers.ConstantPad((1, 1, 1, 1), -2.0),
    layers.ReLU6(),
    layers.SiLU(),
    layers.GELU(approximate=True),
    layers.Hardswish(),
    layers.Hardsigmoid(),
    layers.Sigmoid(),
    layers.Tanh(),
    layers.ELU(0.5),
    layers.Mish(),
    layers.Multiply(),
    layers.Pixel(),
    layers.AdaptiveAvgPool2d((3, 2)),
    layers.CeilMaxPool2d(3, 2, padding=0),
    layers.PaddedAvgPool2d(3),
    layers.Scale(0.5),
    layers.Reuse("stage1.conv", layers.Conv2d(8, (1, 7), 2, padding=(0, 3))),
]


@pytest.mark.parametrize("layer", EXAMPLES, ids=repr)
def test_a_layer_survives_json(layer):
    assert Layer.from_dict(json.loads(json.dumps(layer.to_dict()))) == layer
    assert isinstance(layer.label(), str)


def test_every_kind_has_an_example_above():
    ours = {kind for kind, found in Layer.kinds.items() if found.__module__.startswith(layers.__name__)}
    assert {layer.kind for layer in EXAMPLES} == ours
    assert ours <= set(layers.__all__)


def test_json_holds_only_what_differs_from_the_default():
    assert Conv2d(8).to_dict() == {"kind": "Conv2d", "out_channels": 8}
    assert MaxPool2d(2, (2, 1)).to_dict() == {"kind": "MaxPool2d", "kernel": [2, 2], "stride": [2, 1]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("Conv2d", "layer: expected an object with a 'kind', got 'Conv2d'"),
        ({"size": 3}, "layer: expected an object with a 'kind', got {'size': 3}"),
        ({"kind": ["ReLU"]}, "layer: expected an object with a 'kind'"),
        ({"kind": "Conv2D"}, "layer kind 'Conv2D' is unknown; did you mean 'Conv2d'?"),
        ({"kind": "_Pool2d"}, "layer kind '_Pool2d' is unknown"),
        ({"kind": "Layer"}, "layer kind 'Layer' is unknown"),
        (
            {"kind": "Linear", "out_feature": 3},
            "Linear has no choice 'out_feature'; did you mean 'out_features'?",
        ),
        ({"kind": "Dropout", "probability": "high"}, "Dropout: "),
        ({"kind": "BatchNorm2d", "epsilon": "small"}, "BatchNorm2d: "),
        (
            {"kind": "Conv2d", "out_channels": 2.0},
            "Conv2d out_channels: expected whole numbers of at least 1, got 2.0",
        ),
        ({"kind": "Input", "size": 3}, "Input"),
        ({"kind": "Reuse", "of": "conv"}, "Reuse: "),
        ({"kind": "Reuse", "of": "", "layer": {"kind": "Scale"}}, "Reuse of: expected a node's name, got ''"),
        ({"kind": "Reuse", "of": "conv", "layer": 3}, "layer: expected an object with a 'kind', got 3"),
        (
            {"kind": "Reuse", "of": "a", "layer": {"kind": "Reuse", "of": "b", "layer": {"kind": "Scale"}}},
            "Reuse layer: expected the layer of a node with tensors of its own, got a Reuse",
        ),
    ],
)
def test_what_is_no_layer_is_refused(data, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Layer.from_dict(data)


@dataclasses.dataclass(frozen=True)
class Plain(Layer):
    """Has neither a module nor a function."""


def test_a_kind_of_ones_own(monkeypatch, check_against_torch):
    monkeypatch.setattr(Layer, "kinds", dict(Layer.kinds))

    class Scaled(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.factor = nn.Parameter(torch.empty(channels))

        def forward(self, x):
            return x * self.factor[:, None, None]

    @dataclasses.dataclass(frozen=True)
    class Scale(Layer):
        start: float = 2.0

        def parameters(self, inputs):
            return {"factor": (inputs[0][0],)}

        def module(self, inputs):
            return Scaled(inputs[0][0])

        def initialise(self, module, generator):
            module.factor.fill_(self.start)

    network = check_against_torch(Scale(3.0), (2, 4, 4))
    assert torch.equal(network(torch.ones(1, 2, 4, 4)), torch.full((1, 2, 4, 4), 3.0))
    assert Layer.from_dict({"kind": "Scale", "start": 3.0}) == Scale(3.0)


def test_a_layer_without_a_module_says_so():
    net = Architecture()
    net.add("plain", Plain(), net.add("image", Input((1, 2, 2))))
    with pytest.raises(TypeError, match="Plain is computed by a function, not by a module"):
        build(net)


def test_layers_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Conv2d(8).out_channels = 9
