"""Padding, slices and parts: by module, by function, as programs, and folded into what reads them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    AvgPool2d,
    ConstantPad,
    Conv2d,
    MaxPool2d,
    MinPool2d,
    Pad,
    PadChannels,
    PaddedAvgPool2d,
    Shift,
    TakeChannels,
)
from evonas.network.network import build


class Inside(nn.Module):
    """A function between a convolution and a classifier."""

    def __init__(self, function, conv):
        super().__init__()
        self.conv, self.function, self.last = conv, function, nn.LazyLinear(3)

    def forward(self, x):
        return self.last(self.function(self.conv(x)).flatten(1))


CASES = {
    "pad": (lambda x: F.pad(x, (0, 1, 0, 1)), [Pad((0, 1, 0, 1))]),
    "one axis": (lambda x: F.pad(x, [2, 2]), [Pad((2, 2, 0, 0))]),
    "crop": (lambda x: F.pad(x, (-1, 0, 0, -2), "constant", 7.0), [Pad((-1, 0, 0, -2))]),
    "shift": (lambda x: F.pad(x, (-1, 1, -1, 1)), [Shift()]),
    "number": (lambda x: F.pad(x, pad=(1, 1, 1, 1), value=0.5), [ConstantPad((1, 1, 1, 1), 0.5)]),
    "channels": (lambda x: F.pad(x, (0, 0, 0, 0, 1, 2)), [PadChannels(2, 1)]),
    "nothing": (lambda x: F.pad(x, (0, 0)), []),
    "padded maximum": (lambda x: F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), 2, 2),
                       [MaxPool2d(2, 2)]),
    "wide maximum": (lambda x: F.max_pool2d(F.pad(x, (0, 2, 0, 2), value=float("-inf")), 3, 2),
                     [ConstantPad((0, 2, 0, 2), -3e38), MaxPool2d(3, 2, padding=0)]),
    "padded mean": (lambda x: F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2), [PaddedAvgPool2d(3, 2)]),
    "uneven mean": (lambda x: F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2), [PaddedAvgPool2d(2, 2)]),
    "zeros in a maximum": (lambda x: F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2),
                           [Pad((1, 1, 1, 1)), MaxPool2d(3, 2, padding=0)]),
    "minimum": (lambda x: -F.max_pool2d(-x, 3, 2, 1), [MinPool2d(3, 2)]),
    "slice": (lambda x: x[:, 1:3], [TakeChannels(2, 1)]),
    "half": (lambda x: x[:, : x.size(1) // 2], [TakeChannels(2)]),
    "one channel": (lambda x: x[:, -1:], [TakeChannels(1, 3)]),
    "rectangle": (lambda x: x[:, :, 1:, 2:-1], [Pad((-2, -1, -1, 0))]),
    "thinned": (lambda x: x[..., ::2, ::3], [AvgPool2d(1, (2, 3))]),
    "all": (lambda x: x[:, :], []),
    "narrow": (lambda x: x.narrow(1, 1, 2), [TakeChannels(2, 1)]),
    "chunk": (lambda x: x.chunk(2, 1)[1], [TakeChannels(2, 2)]),
    "chunk by name": (lambda x: torch.chunk(x, chunks=2, dim=1)[0], [TakeChannels(2)]),
    "split": (lambda x: torch.split(x, [1, 3], dim=1)[-1], [TakeChannels(3, 1)]),
    "equal split": (lambda x: x.split(3, 1)[1], [TakeChannels(1, 3)]),
    "tensor split": (lambda x: x.tensor_split(3, dim=1)[2], [TakeChannels(1, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_functions(case, imported, images, conv):
    function, layers = CASES[case]
    model = Inside(function, conv())
    model(images(3, 7, 8))
    net, _ = imported(model, images(3, 7, 8))
    assert [net.layer(name) for name in net][2:-2] == layers
    program = torch.export.export(model, (images(3, 7, 8),))
    again, weights = Architecture.from_module(program)
    if case not in ("thinned", "rectangle"):  # a program has a slice for each axis
        assert again.key() == net.key()
    with torch.no_grad():
        outputs = build(again, weights=weights).eval()(images(3, 7, 8))
        assert (outputs - model(images(3, 7, 8))).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("module", "layers"),
    [
        (nn.ZeroPad2d((1, 2, 3, 4)), [Pad((1, 2, 3, 4))]),
        (nn.ConstantPad2d(1, 2.0), [ConstantPad((1, 1, 1, 1), 2.0)]),
        (nn.ZeroPad2d(0), []),
        (nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(4, 5, 3)), [Conv2d(5, 3, bias=True)]),
        (
            nn.Sequential(nn.ZeroPad2d((2, 2, 1, 1)), nn.Conv2d(4, 4, 3, padding=1, groups=2)),
            [Conv2d(4, 3, padding=(2, 3), groups=2, bias=True)],
        ),
        (
            nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(4, 5, 3, 2)),
            [Pad((0, 1, 0, 1)), Conv2d(5, 3, 2, padding=0, bias=True)],
        ),
        (nn.Sequential(nn.ZeroPad2d(1), nn.AvgPool2d(3)), [PaddedAvgPool2d(3, 3)]),
        (nn.Sequential(nn.ZeroPad2d(1), nn.AvgPool2d(3, 1, 1, count_include_pad=False)),
         [Pad((1, 1, 1, 1)), AvgPool2d(3)]),
    ],
    ids=str,
)  # fmt: skip
def test_modules(module, layers, imported, images, conv):
    model = Inside(module, conv())
    model(images(3, 8, 8))
    net, _ = imported(model, images(3, 8, 8))
    assert [net.layer(name) for name in net][2:-2] == layers


def test_a_pad_that_others_read_too_stays_for_them(imported, images, conv, head, model_of):
    def forward(model, x):
        x = model.pad(model.conv(x))
        return model.head(torch.cat([model.point(x), x], 1))

    parts = {"pad": nn.ZeroPad2d(1), "point": nn.Conv2d(4, 4, 1), "head": head(8)}
    net, _ = imported(model_of(forward, conv=conv(), **parts), images())
    assert net.layer("pad") == Pad((1, 1, 1, 1))
    assert net.layer("point") == Conv2d(4, 1, padding=1, bias=True)
    assert net.inputs("point") == ("conv",)


def test_channel_shortcuts_of_thinned_images(imported, images, conv, head, model_of):
    """Option A of He et al. 2016, as it is mostly written: every other pixel, channels of zeros around."""

    def forward(model, x):
        x = model.conv(x)
        short = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2), "constant", 0)
        return model.head(F.relu(model.down(x) + short))

    model = model_of(forward, conv=conv(), down=conv(4, 8, stride=2), head=head(8))
    net, _ = imported(model, images())
    assert {net.layer(name).kind for name in net} >= {"AvgPool2d", "PadChannels"}


def test_halves_that_are_joined_again(imported, images, conv, head, model_of):
    def forward(model, x):
        left, right = model.conv(x).chunk(2, dim=1)
        return model.head(torch.cat((left, model.right(right)), 1))

    net, _ = imported(model_of(forward, conv=conv(), right=conv(2, 2), head=head()), images())
    assert net.layer("right") == Conv2d(2, bias=True)
