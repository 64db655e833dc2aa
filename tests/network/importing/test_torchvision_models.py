"""Well-known networks: they go through whole, and nothing is left over."""

from collections import Counter

import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    AdaptiveAvgPool2d,
    CeilMaxPool2d,
    Concat,
    Conv2d,
    DropPath,
    GlobalAvgPool,
    Linear,
    MaxPool2d,
    Multiply,
    ReLU6,
)

models = pytest.importorskip("torchvision.models", reason="needs evonas[vision]")

QUICK = ["resnet18", "squeezenet1_1", "mobilenet_v3_small"]
LARGE = ["vgg11_bn", "mobilenet_v2", "densenet121", "efficientnet_b0"]


def made(name: str, **choices: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return getattr(models, name)(num_classes=10, **choices)


def kinds(net: Architecture) -> Counter[str]:
    return Counter(net.layer(name).kind for name in net)


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_outputs_and_counts_are_those_of_the_model(name, imported, images):
    model = made(name)
    large = name == "vgg11_bn"  # 129 million parameters, which take long to draw and to convert
    size = 32 if large else 64
    net, weights = imported(model, images(3, size, size), double=not large)
    assert net.parameter_count() == sum(parameter.numel() for parameter in model.parameters())
    kept = {key: tensor for key, tensor in model.state_dict().items() if "num_batches" not in key}
    assert sorted(tuple(t.shape) for t in weights.values()) == sorted(tuple(t.shape) for t in kept.values())
    assert Architecture.from_dict(net.to_dict()) == net
    if large:
        assert net.layer("avgpool") == AdaptiveAvgPool2d(7)


def test_names_follow_the_paths_of_modules(images):
    model = made("resnet18")
    net, weights = Architecture.from_module(model, images(3, 32, 32))
    assert net.layer("layer2.n0.conv1") == Conv2d(128, 3, 2)
    assert net.layer("layer2.n0.downsample.n0") == Conv2d(128, 1, 2)
    assert net.layer("maxpool") == MaxPool2d(3, 2)
    assert set(net.inputs("layer2.n0.add")) == {"layer2.n0.bn2", "layer2.n0.downsample.n1"}
    assert net.layer("avgpool") == GlobalAvgPool()
    assert (net.output, net.layer("fc")) == ("fc", Linear(10))
    assert torch.equal(weights["layer2.n0.conv1.weight"], model.layer2[0].conv1.weight)


def test_mobilenet_is_depthwise(images):
    net, _ = Architecture.from_module(made("mobilenet_v2"), images(3, 32, 32))
    depthwise = (Conv2d(kernel=3, depthwise=True), Conv2d(kernel=3, stride=2, depthwise=True))
    assert sum(net.layer(name) in depthwise for name in net) == 17
    assert kinds(net)["ReLU6"] == 35
    assert ReLU6().idempotent


def test_densenet_joins_all_that_came_before(images):
    net, _ = Architecture.from_module(made("densenet121"), images(3, 32, 32))
    joins = [len(net.inputs(name)) for name in net if net.layer(name) == Concat()]
    assert joins == [*range(1, 8), *range(1, 14), *range(1, 26), *range(1, 18)]


def test_googlenet_cuts_windows_only_where_that_matters(images):
    choices = {"aux_logits": False, "init_weights": False}
    odd, _ = Architecture.from_module(made("googlenet", **choices), images(3, 64, 64))
    even, _ = Architecture.from_module(made("googlenet", **choices), images(3, 65, 65))
    assert odd.layer("maxpool1") == CeilMaxPool2d(3, 2, padding=0)
    assert even.layer("maxpool1") == MaxPool2d(3, 2, padding=0)


def test_efficientnet_has_gates_and_paths_to_drop(images):
    net, _ = Architecture.from_module(made("efficientnet_b0"), images(3, 32, 32))
    assert kinds(net)[Multiply.__name__] == 16
    assert kinds(net)[DropPath.__name__] == 9
