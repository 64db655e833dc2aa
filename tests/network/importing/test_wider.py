"""Normalisation by example, learnt slopes, dropped channels, larger images: as modules and as functions."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm1d,
    Conv2d,
    ConvTranspose2d,
    Dropout2d,
    GroupNorm,
    LayerNorm,
    LayerNorm2d,
    PReLU,
    Resize,
)
from evonas.network.export.quiet import quiet
from evonas.network.network import build

MODULES = [
    (nn.GroupNorm(2, 4, eps=1e-3), GroupNorm(2, 1e-3)),
    (nn.GroupNorm(4, 4, affine=False), GroupNorm(4)),
    (nn.LayerNorm((4, 8, 8), elementwise_affine=False), GroupNorm(1)),
    (nn.PReLU(), PReLU()),
    (nn.PReLU(4), PReLU(shared=False)),
    (nn.Dropout2d(0.2), Dropout2d(0.2)),
    (nn.Dropout2d(0.0), None),
    (nn.Upsample(scale_factor=2, mode="bilinear"), Resize(16, "bilinear")),
    (nn.Upsample((5, 9), mode="bilinear", align_corners=True), Resize((5, 9), "bilinear", corners=True)),
    (nn.UpsamplingBilinear2d(scale_factor=1.5), Resize(12, "bilinear", corners=True)),
    (nn.UpsamplingNearest2d(scale_factor=(2, 3)), Resize((16, 24))),
    (nn.ConvTranspose2d(4, 6, 2, 2), ConvTranspose2d(6)),
    (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2, bias=False), ConvTranspose2d(6, 3, 2, 1, 1, 1, 2, False)),
]

FUNCTIONS = {
    "group norm": (lambda x: F.group_norm(x, 2, eps=1e-4), GroupNorm(2, 1e-4)),
    "slopes": (lambda x: F.prelu(x, torch.tensor([0.1, 0.2, 0.3, 0.4])), PReLU(shared=False)),
    "dropped": (lambda x: F.dropout2d(x, 0.3, training=False), Dropout2d(0.3)),
    "bilinear": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
                 Resize(16, "bilinear")),
    "size": (lambda x: F.interpolate(x, (5, 6), mode="bilinear"), Resize((5, 6), "bilinear")),
    "nearest": (lambda x: F.interpolate(x, scale_factor=0.5), Resize(4)),
    "transposed": (lambda x: F.conv_transpose2d(x, torch.full((4, 3, 2, 2), 0.1), stride=2, padding=1),
                   ConvTranspose2d(3, padding=1, bias=False)),
    "from one": (lambda x: 1 - x, Conv2d(kernel=1, depthwise=True, bias=True)),
    "rsub": (lambda x: torch.rsub(x, 3), Conv2d(kernel=1, depthwise=True, bias=True)),
    "negated": (lambda x: -x, Conv2d(kernel=1, depthwise=True)),
}  # fmt: skip


class Inside(nn.Module):
    """Something between a convolution and a classifier."""

    def __init__(self, part, conv):
        super().__init__()
        self.conv, self.part, self.last = conv, part, nn.LazyLinear(3)

    def forward(self, x):
        return self.last(self.part(self.conv(x)).flatten(1))


def check(model, layer, imported, images, double=True):
    """The layer is there, by fx and in a program; outputs are the same."""
    example = images(3, 8, 8)
    model(example)
    net, _ = imported(model, example, double=double)
    assert [net.layer(name) for name in net][2:-2] == ([] if layer is None else [layer])
    with quiet():
        program = torch.export.export(model, (example,))
    again, weights = Architecture.from_module(program)
    assert again.key() == net.key()
    with torch.no_grad():
        assert (build(again, weights=weights).eval()(example) - model(example)).abs().max() < 1e-4


@pytest.mark.parametrize(("module", "layer"), MODULES, ids=[str(module) for module, _ in MODULES])
def test_modules(module, layer, imported, images, conv):
    check(Inside(module, conv()), layer, imported, images)


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions(case, imported, images, conv):
    function, layer = FUNCTIONS[case]
    double = case not in ("slopes", "transposed")  # their constants are float32
    check(Inside(function, conv()), layer, imported, images, double)


@pytest.mark.parametrize(
    ("module", "layer"),
    [
        (nn.BatchNorm1d(6, eps=1e-3), BatchNorm1d(1e-3)),
        (nn.BatchNorm1d(6, affine=False), BatchNorm1d()),
        (nn.LayerNorm(6, eps=1e-3), LayerNorm(1e-3)),
        (nn.LayerNorm(6, elementwise_affine=False), LayerNorm()),
        (nn.PReLU(6), PReLU(shared=False)),
    ],
    ids=str,
)
def test_vectors(module, layer, imported, images, conv):
    model = nn.Sequential(conv(), nn.Flatten(), nn.Linear(256, 6), module, nn.Linear(6, 3))
    net, _ = imported(model, images(3, 8, 8))
    assert net.layer("n3") == layer
    with quiet():
        program = torch.export.export(model, (images(3, 8, 8),))
    assert Architecture.from_module(program)[0].key() == net.key()


def test_core_operators(imported, images, conv, head):
    parts = [nn.GroupNorm(2, 4), nn.ConvTranspose2d(4, 4, 2, 2), nn.Upsample((9, 9), mode="bilinear")]
    model = nn.Sequential(conv(), *parts, nn.ZeroPad2d((0, 1, 0, 1)), head(4, 6), nn.LayerNorm(6)).eval()
    net, _ = imported(model, images())
    with quiet():
        program = torch.export.export(model, (images(),)).run_decompositions()
    assert Architecture.from_module(program)[0].key() == net.key()


def test_channels_of_each_pixel(imported, images, conv, head):
    convnext = pytest.importorskip("torchvision.models.convnext", reason="needs evonas[vision]")
    net, _ = imported(nn.Sequential(conv(), convnext.LayerNorm2d(4, eps=1e-4), head()), images())
    assert net.layer("n1") == LayerNorm2d(1e-4)
