"""What PyTorch computes within a plan: layers without a kernel, and its library's convolutions."""

import pytest
from planned_networks import check_evaluation, check_step

from evonas.architecture import Architecture
from evonas.architecture.layers import (
    ELU,
    GELU,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    CeilMaxPool2d,
    Concat,
    ConstantPad,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Input,
    LayerNorm,
    LayerNorm2d,
    LeakyReLU,
    Linear,
    MinPool2d,
    Mish,
    Multiply,
    Pad,
    PadChannels,
    PaddedAvgPool2d,
    Pixel,
    PReLU,
    ReLU,
    ReLU6,
    Resize,
    Reuse,
    Scale,
    Sigmoid,
    SiLU,
    TakeChannels,
    Tanh,
)
from evonas.training.planned import can_plan, match
from evonas.training.planned.islands import Layered, LibraryConvolution

LAYERS = [
    *(ELU(), GELU(), GELU(True), Hardsigmoid(), Hardswish(), Mish(), ReLU6(), Sigmoid(), SiLU(), Tanh()),
    *(LeakyReLU(0.2), PReLU(), PReLU(False), GroupNorm(2), LayerNorm2d(), Scale(0.5)),
    *(AdaptiveAvgPool2d(2), CeilMaxPool2d(2, 2, 0), PaddedAvgPool2d(3, 2, 1), MinPool2d(), MinPool2d(2, 2)),
    *(ConstantPad((1, 0, 2, 1)), Pad((1, -1, 0, 2)), PadChannels(3), TakeChannels(4, 2), Resize(5)),
    *(Resize(9, "bilinear"), ConvTranspose2d(5), Conv2d(16, groups=4, bias=True), Conv2d(9, 1, padding=1)),
    *(Conv2d(8, 3, padding=3), Conv2d(kernel=1, depthwise=True), Dropout(0.5), Dropout2d(0.5)),
]


def around(*layers):
    """Layers one behind the other, between layers with kernels; what the first reads is read again."""
    net = Architecture()
    node = net.add("conv", Conv2d(8), net.add("image", Input((3, 7, 6))))
    first = node = net.add("relu", ReLU(), net.add("norm", BatchNorm2d(), node))
    for at, layer in enumerate(layers):
        node = net.add(f"layer{at}", layer, node)
    node = net.add("after", ReLU(), net.add("second", BatchNorm2d(), node))
    pools = [net.add("pool", GlobalAvgPool(), node), net.add("beside", GlobalAvgPool(), first)]
    net.add("head", Linear(4), net.add("join", Concat(), *pools))
    return net


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layers_without_a_kernel(layer):
    matched = check_step(around(layer), 5)
    assert any(isinstance(one, Layered | LibraryConvolution) for one in matched.operations)
    check_evaluation(around(layer), 5)


def test_layers_without_a_kernel_in_a_row():
    net = around(GELU(), LayerNorm2d(), Conv2d(8, groups=2), Scale(), AvgPool2d(3, 2), SiLU())
    check_step(net, 5)
    check_evaluation(net, 72)


def test_convolutions_of_many_channels():
    matched = check_step(around(Conv2d(80), ReLU(), Conv2d(80, 3, 2, bias=True), Conv2d(4)), 3)
    assert sum(isinstance(one, LibraryConvolution) for one in matched.operations) >= 1


def test_gates_that_look_at_the_whole_image():
    """As in squeeze-and-excitation: a product of an image and a number for each channel."""
    net = Architecture()
    node = net.add("conv", Conv2d(8), net.add("image", Input((3, 7, 6))))
    node = net.add("relu", ReLU(), net.add("norm", BatchNorm2d(), node))
    gate = net.add("squeeze", Linear(4), net.add("mean", GlobalAvgPool(), node))
    gate = net.add("excite", Linear(8), net.add("gelu", GELU(), gate))
    gate = net.add("pixel", Pixel(), net.add("sigmoid", Sigmoid(), gate))
    both = net.add("square", Multiply(), node, node)
    node = net.add("sum", Add(), net.add("product", Multiply(), node, gate), both)
    net.add("head", Linear(3), net.add("flat", Flatten(), node))
    check_step(net, 5)
    check_evaluation(net, 5)


def test_layers_of_vectors():
    net = Architecture()
    node = net.add("flat", Flatten(), net.add("conv", Conv2d(3), net.add("image", Input((2, 4, 4)))))
    node = net.add("relu", ReLU(), net.add("norm", BatchNorm1d(), net.add("first", Linear(16, False), node)))
    node = net.add("layer", LayerNorm(), net.add("second", Linear(16), net.add("drop", Dropout(), node)))
    net.add("head", Linear(3), net.add("sum", Add(), node, net.add("tanh", Tanh(), node)))
    check_step(net, 7)
    check_evaluation(net, 7)


def test_what_reads_the_image_itself():
    """Nobody asks for the image's gradient."""
    for layer in (GELU(), Conv2d(6, groups=3), PaddedAvgPool2d(2), BatchNorm2d(), Conv2d(96)):
        net = Architecture()
        node = net.add("layer", layer, net.add("image", Input((48, 4, 4))))
        net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), node))
        check_step(net, 5)


def test_what_cannot_be_planned():
    vectors = Architecture()
    vectors.add("head", Linear(3), vectors.add("vector", Input((4,))))
    shared = around(Conv2d(8), Reuse("layer0", Conv2d(8)))
    assert not can_plan(vectors)
    assert not can_plan(shared)
    assert can_plan(around())
    assert match(around(), steered=False).native == 1
