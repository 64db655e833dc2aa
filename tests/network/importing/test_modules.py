"""Modules of PyTorch, one by one and in small models."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    CeilMaxPool2d,
    Conv2d,
    Dropout,
    DropPath,
    Flatten,
    GlobalAvgPool,
    LeakyReLU,
    Linear,
    MaxPool2d,
    PaddedAvgPool2d,
    Resize,
    Tanh,
)

CASES = [
    (nn.Conv2d(4, 4, 3, padding=1, groups=4), Conv2d(kernel=3, depthwise=True, bias=True)),
    (nn.Conv2d(4, 8, (1, 3), padding="same", bias=False), Conv2d(8, (1, 3))),
    (nn.Conv2d(4, 8, 2, 2, padding="valid"), Conv2d(8, 2, 2, padding=0, bias=True)),
    (nn.Conv2d(4, 8, 3, dilation=2, groups=4), Conv2d(8, 3, padding=0, dilation=2, groups=4, bias=True)),
    (nn.BatchNorm2d(4, eps=1e-3, momentum=0.2), BatchNorm2d(1e-3, 0.2)),
    (nn.BatchNorm2d(4, affine=False, momentum=None), BatchNorm2d()),
    (nn.SyncBatchNorm(4, eps=1e-3), BatchNorm2d(1e-3)),
    (nn.MaxPool2d(3, 2, 1), MaxPool2d(3, 2)),
    (nn.MaxPool2d(2, ceil_mode=True), MaxPool2d(2, 2, padding=0)),
    (nn.MaxPool2d(3, 2, ceil_mode=True), CeilMaxPool2d(3, 2, padding=0)),
    (nn.AvgPool2d(2), AvgPool2d(2, 2, padding=0)),
    (nn.AvgPool2d(3, 1, 1), PaddedAvgPool2d(3)),
    (nn.AvgPool2d(3, 1, 1, count_include_pad=False), AvgPool2d(3)),
    (nn.AdaptiveAvgPool2d((3, 5)), AdaptiveAvgPool2d((3, 5))),
    (nn.AdaptiveAvgPool2d((None, 4)), AdaptiveAvgPool2d((8, 4))),
    (nn.AdaptiveMaxPool2d((4, 2)), MaxPool2d((2, 4), (2, 4), padding=0)),
    (nn.Upsample(scale_factor=2), Resize(16)),
    (nn.Upsample((3, 5)), Resize((3, 5))),
    (nn.LeakyReLU(0.2, inplace=True), LeakyReLU(0.2)),
    (nn.Dropout(0.2), Dropout(0.2)),
    (nn.Tanh(), Tanh()),
    (nn.Identity(), None),
    (nn.Dropout(0.0), None),
    (nn.AdaptiveAvgPool2d(8), None),
]


@pytest.mark.parametrize(("module", "layer"), CASES, ids=[str(module) for module, _ in CASES])
def test_a_module_becomes_a_layer(module, layer, imported, images, conv):
    model = nn.Sequential(conv(), module, nn.Flatten(), nn.LazyLinear(3))
    model(images(3, 8, 8))
    net, _ = imported(model, images(3, 8, 8))
    found = [net.layer(name) for name in net][2:-2]
    assert found == ([] if layer is None else [layer])


@pytest.mark.parametrize(
    "activation",
    [nn.ReLU(), nn.ReLU6(), nn.Hardtanh(0, 6), nn.SiLU(), nn.GELU(), nn.GELU("tanh"), nn.Hardswish(),
     nn.Hardsigmoid(), nn.Sigmoid(), nn.ELU(0.5), nn.Mish()],
    ids=str,
)  # fmt: skip
def test_activations(activation, imported, images, conv, head):
    net, _ = imported(nn.Sequential(conv(), activation, head()), images())
    assert net.layer("n1").kind in (type(activation).__name__, "ReLU6")


def test_a_perceptron(imported, images):
    model = nn.Sequential(nn.Linear(8, 5, bias=False), nn.ReLU(), nn.Linear(5, 3))
    net, _ = imported(model, images(8))
    assert net.layer("n0") == Linear(5, bias=False)


def test_a_mean_whose_size_still_counts_stays(imported, images, conv):
    model = nn.Sequential(conv(), nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 3, 1), nn.Flatten())
    net, _ = imported(model, images())
    layers = [net.layer(name) for name in list(net)[2:]]
    assert layers == [AdaptiveAvgPool2d(1), Conv2d(3, 1, bias=True), Flatten()]


class Standardised(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)


class Renamed(nn.BatchNorm2d):
    pass


def test_modules_that_inherit(imported, images, head):
    model = nn.Sequential(Standardised(3, 4, 3), Renamed(4), head())
    net, weights = imported(model, images())
    assert net.layer("n1") == BatchNorm2d()
    assert weights["n0.conv2d.weight"].mean((1, 2, 3)).abs().max() < 1e-6


def test_modules_of_torchvision(imported, images, head):
    ops = pytest.importorskip("torchvision.ops", reason="needs evonas[vision]")
    transforms = pytest.importorskip("torchvision.transforms")
    from torchvision.transforms import v2

    model = nn.Sequential(
        transforms.Normalize((0.1, 0.2, 0.3), (0.5, 0.4, 0.3)),
        v2.Normalize([0.3], [0.5]),
        ops.Conv2dNormActivation(3, 4),
        ops.SqueezeExcitation(4, 2),
        ops.FrozenBatchNorm2d(4),
        ops.StochasticDepth(0.2, "row"),
        head(),
    )
    net, _ = imported(model, images())
    assert net.layer("n1") == Conv2d(kernel=1, depthwise=True, bias=True)  # both normalisations
    assert "n0" not in net
    assert net.layer("n5") == DropPath()


def test_a_module_without_tensors_may_be_called_twice(model_of, imported, images, conv, head):
    def forward(model, x):
        return model.head(model.relu(model.second(model.relu(model.first(x)))))

    net, _ = imported(model_of(forward, first=conv(), second=conv(4), relu=nn.ReLU(), head=head()), images())
    assert [name for name in net if "relu" in name] == ["relu", "relu_2"]


def test_the_mode_of_training_stays(images, conv, head):
    model = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.Dropout(), head())
    model[1].eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    Architecture.from_module(model, images())
    assert [part.training for part in model] == [True, False, True, True]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_weights_are_copies(images, conv, head):
    model = nn.Sequential(conv(), nn.BatchNorm2d(4), head())
    _, weights = Architecture.from_module(model, images())
    mine = {tensor.data_ptr() for tensor in model.state_dict().values()}
    assert not mine & {tensor.data_ptr() for tensor in weights.values()}
    assert not any(tensor.requires_grad or "num_batches" in name for name, tensor in weights.items())


def test_half_precision(images, conv, head):
    net, weights = Architecture.from_module(nn.Sequential(conv(), head()).bfloat16(), images().bfloat16())
    assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
    assert net.layer("n1.n0") == GlobalAvgPool()
