"""Functions and methods in a model's own code."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture import Architecture
from evonas.architecture.layers import (
    AdaptiveAvgPool2d,
    Add,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    MaxPool2d,
    Multiply,
    Pixel,
    ReLU,
    ReLU6,
    Scale,
)
from evonas.errors import UserError
from evonas.network.export.quiet import quiet

AFFINE = Conv2d(kernel=1, depthwise=True, bias=True)

CASES = {
    "add": (lambda x: x + F.relu(x), [ReLU(), Add()]),
    "add in place": (lambda x: F.relu(x).add_(x), [ReLU(), Add()]),
    "torch.add": (lambda x: torch.add(x, x), [Add()]),
    "cat": (lambda x: torch.cat((x, x.relu()), dim=-3), [ReLU(), Concat()]),
    "relu6": (lambda x: F.relu6(x), [ReLU6()]),
    "clamp": (lambda x: x.clamp(0, 6), [ReLU6()]),
    "clamp below": (lambda x: torch.clamp(x, min=0), [ReLU()]),
    "numbers": (lambda x: 1 - (x * 2 + 1) / 3, [AFFINE]),
    "nothing": (lambda x: (x * 1 + 0).contiguous().clone().type_as(x), []),
    "dropout": (lambda x: F.dropout(x, 0.3, training=False), [Dropout(0.3)]),
    "keepdim": (lambda x: x * x.mean((2, 3), keepdim=True), [AdaptiveAvgPool2d(1), Multiply()]),
    "square": (lambda x: x * x, [Multiply()]),
    "by name": (lambda x: F.max_pool2d(input=x, kernel_size=2), [MaxPool2d(2, 2, padding=0)]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_function_becomes_layers(case, model_of, imported, images, conv):
    function, layers = CASES[case]
    end = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    model = model_of(lambda model, x: model.end(function(model.conv(x))), conv=conv(), end=end)
    model(images())
    net, _ = imported(model, images())
    known = ("image", "conv", "end.n0", "end.n1")
    assert [net.layer(name) for name in net if name not in known] == layers


@pytest.mark.parametrize(
    "flat",
    [
        lambda x: x.mean((2, 3)),
        lambda x: x.mean([-1, -2]),
        lambda x: torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1),
        lambda x: F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1),
        lambda x: F.adaptive_avg_pool2d(x, 1).reshape(x.shape[0], x.shape[1]),
        lambda x: F.adaptive_avg_pool2d(x, 1).squeeze(),
        lambda x: torch.mean(x, dim=(2, 3), keepdim=True).flatten(1),
    ],
)  # fmt: skip
def test_ways_to_a_global_mean(flat, model_of, imported, images, conv):
    model = model_of(lambda model, x: model.linear(flat(model.conv(x))), conv=conv(), linear=nn.Linear(4, 3))
    net, _ = imported(model, images())
    assert [net.layer(name).kind for name in net] == ["Input", "Conv2d", "GlobalAvgPool", "Linear"]


def test_normalisation_in_front_is_one_layer(model_of, imported, images, conv, head):
    model = model_of(
        lambda model, x: model.head(model.conv((x - model.mean) / model.std)),
        conv=conv(),
        head=head(),
        mean=torch.rand(3, 1, 1),
        std=torch.rand(1, 3, 1, 1) + 0.5,
    )
    net, weights = imported(model, images())
    assert net.inputs("conv") == ("div",)
    assert net.layer("div") == AFFINE
    torch.testing.assert_close(weights["div.weight"].flatten(), 1 / model.std.flatten())
    torch.testing.assert_close(weights["div.bias"], -(model.mean / model.std).flatten())


def test_a_learnt_factor_is_a_scale(model_of, imported, images, conv, head):
    factor = nn.Parameter(torch.tensor(0.3))
    model = model_of(
        lambda model, x: model.head(model.conv(x) * model.factor), conv=conv(), head=head(), factor=factor
    )
    net, weights = imported(model, images())
    assert net.layer("mul") == Scale()
    assert weights["mul.weight"].tolist() == [pytest.approx(0.3)]


def test_parameters_of_the_models_own(model_of, imported, images, head):
    model = model_of(
        lambda model, x: model.head(F.conv2d(x, model.kernel, None, 2, 1)),
        kernel=nn.Parameter(torch.randn(4, 3, 3, 3)),
        head=head(),
    )
    net, _ = imported(model, images())
    assert net.layer("conv2d") == Conv2d(4, 3, 2)


class Gate(nn.Module):
    def __init__(self, shaped):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(4, 2), nn.ReLU(inplace=True), nn.Linear(2, 4), nn.Sigmoid())
        self.shaped = shaped

    def forward(self, x):
        count, channels, _, _ = x.size()
        return x * self.shaped(self.fc(F.adaptive_avg_pool2d(x, 1).view(count, channels)), x)


@pytest.mark.parametrize(
    "shaped",
    [
        lambda gate, x: gate.view(x.size(0), x.size(1), 1, 1).expand_as(x),
        lambda gate, x: gate[:, :, None, None],
        lambda gate, x: gate.unsqueeze(-1).unsqueeze(-1),
    ],
    ids=["expanded", "index", "unsqueezed"],
)
def test_squeeze_excite_with_linear_layers(shaped, imported, images, conv, head):
    net, _ = imported(nn.Sequential(conv(), Gate(shaped), head()), images())
    (product,) = [name for name in net if net.layer(name) == Multiply()]
    assert [net.layer(name) for name in net.inputs(product)][1] == Pixel()
    assert net.layer("n1.adaptive_avg_pool2d") == GlobalAvgPool()


def test_what_reads_a_tensor_changed_in_place_gets_the_change(model_of, imported, images, conv, head):
    def forward(model, x):
        before = model.first(x)
        after = model.second(model.relu(before))
        return model.head(after + before)  # PyTorch has overwritten it

    model = model_of(forward, first=conv(), second=conv(4), relu=nn.ReLU(inplace=True), head=head())
    net, _ = imported(model, images())
    assert set(net.inputs("add")) == {"second", "relu"}


def test_a_change_whose_result_nobody_names(model_of, imported, images, conv, head):
    def forward(model, x):
        x = model.conv(x)
        F.relu(x, inplace=True)
        return model.head(x)

    net, _ = imported(model_of(forward, conv=conv(), head=head()), images())
    assert net.inputs("head.n0") == ("relu",)


def test_what_the_output_does_not_need_is_left_out(model_of, imported, images, conv, head):
    def forward(model, x):
        x = model.conv(x)
        x.permute(0, 2, 3, 1).softmax(1)
        model.other(x)
        return model.head(x)

    net, weights = imported(model_of(forward, conv=conv(), other=conv(4), head=head()), images())
    assert list(net) == ["image", "conv", "head.n0", "head.n2"]
    assert not any(name.startswith("other") for name in weights)


class Optional(nn.Module):
    def __init__(self, conv, head):
        super().__init__()
        self.conv, self.head = conv, head

    def forward(self, x, targets=None, *, features=False, **others):
        x = F.relu(self.conv(x))
        if features or targets is not None:
            return x
        return self.head(x)


def test_other_arguments_keep_their_defaults(imported, images, conv, head):
    net, _ = imported(Optional(conv(), head()), images())
    assert list(net) == ["image", "conv", "relu", "head.n0", "head.n2"]


def test_joins_of_vectors(model_of, imported, images):
    model = model_of(
        lambda model, x: model.linear(torch.cat([x.mean((2, 3)), x.flatten(1)], dim=1)),
        linear=nn.Linear(3 + 3 * 64, 4),
    )
    net, _ = imported(model, images(3, 8, 8))
    assert [net.layer(name) for name in net.inputs("cat")] == [GlobalAvgPool(), Flatten()]
    assert net.layer("cat") == Concat()


@pytest.mark.parametrize("route", ["module", "program"])
def test_a_learnt_scale_or_shift_stays_where_it_does_nothing_yet(route, model_of, conv, head, images):
    def forward(model, x):
        return model.head((model.conv(x) + model.shift) * 2 * model.scale * 1 + 0)

    parts = {"shift": nn.Parameter(torch.zeros(1, 4, 1, 1)), "scale": nn.Parameter(torch.ones(4, 1, 1))}
    model = model_of(forward, conv=conv(), head=head(), **parts).eval()
    if route == "program":
        with quiet():
            model = torch.export.export(model, (images(),))
    net, weights = Architecture.from_module(model, images())
    (scaled,) = [name for name in net if net.layer(name) == Conv2d(kernel=1, depthwise=True, bias=True)]
    assert bool((weights[f"{scaled}.weight"] == 2).all())
    assert not weights[f"{scaled}.bias"].any()


def test_nearest_neighbours_by_a_factor_that_gives_no_whole_pixels(model_of, conv, head, images):
    model = model_of(
        lambda model, x: model.head(F.interpolate(model.conv(x), scale_factor=1.3)), conv=conv(), head=head()
    )
    with quiet():
        program = torch.export.export(model.eval(), (images(),))
    with pytest.raises(UserError, match=r"'upsample_nearest2d' .*resizes to a size, so to whole pixels"):
        Architecture.from_module(program)
