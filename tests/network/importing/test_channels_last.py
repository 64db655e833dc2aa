"""Images whose channels a model puts last for a while."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, LayerNorm2d
from evonas.errors import UserError
from evonas.network.export.quiet import quiet


class OwnNorm(nn.LayerNorm):
    """As most write it themselves."""

    def forward(self, x):
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2).contiguous()


def block(model, x):
    y = model.norm(model.conv(x).permute(0, 2, 3, 1))
    y = model.gamma * model.back(F.gelu(model.wide(y)))
    return model.head(y.permute(0, 3, 1, 2))


def test_a_norm_of_ones_own(imported, images, conv, head):
    model = nn.Sequential(conv(), OwnNorm(4, eps=1e-4), head())
    net, _ = imported(model, images(3, 4, 4))
    assert LayerNorm2d(1e-4) in [net.layer(name) for name in net]


@pytest.mark.parametrize("core", [False, True], ids=["as traced", "core operators"])
def test_a_block_of_convnext(core, model_of, imported, images, conv, head):
    parts = {"norm": nn.LayerNorm(4), "wide": nn.Linear(4, 8), "back": nn.Linear(8, 4, bias=False)}
    model = model_of(block, conv=conv(), head=head(), gamma=nn.Parameter(torch.rand(4)), **parts)
    net, _ = imported(model, images(3, 5, 4))
    assert net.layer("norm") == LayerNorm2d(1e-5)
    assert (net.layer("wide"), net.layer("back")) == (Conv2d(8, 1, bias=True), Conv2d(4, 1))
    with quiet():
        program = torch.export.export(model, (images(3, 5, 4),))
        program = program.run_decompositions() if core else program
    if not core:  # in the core a linear map of pixels is a product of reshaped matrices
        assert Architecture.from_module(program)[0].key() == net.key()


@pytest.mark.parametrize(
    "turn",
    [
        lambda x: x.permute((0, 2, 3, 1)),
        lambda x: torch.permute(x, (0, 2, 3, -3)),
        lambda x: x.movedim(1, -1),
    ],
)
def test_ways_to_turn(turn, model_of, imported, images, conv, head):
    def forward(model, x):
        return model.head(torch.movedim(F.relu(turn(model.conv(x))) * 2 + 1, -1, 1))

    net, _ = imported(model_of(forward, conv=conv(), head=head()), images(3, 4, 4))
    assert len(net) == 6


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.permute(0, 2, 3, 1).flatten(1),
        lambda x: x.permute(0, 2, 3, 1) + x,
        lambda x: F.max_pool2d(x.permute(0, 2, 3, 1), 2),
        lambda x: torch.cat([x.permute(0, 2, 3, 1), x.permute(0, 2, 3, 1)], 1),
        lambda x: x.permute(0, 2, 3, 1)[:, 1:3],
    ],
    ids=["flattened", "summed", "pooled", "joined", "sliced"],
)
def test_what_would_take_rows_for_channels_is_refused(function, model_of, images, conv):
    model = model_of(
        lambda model, x: model.last(function(model.conv(x)).flatten(1)), conv=conv(), last=nn.LazyLinear(3)
    )
    model(images(3, 4, 4))
    with pytest.raises(
        UserError, match=re.escape("it reads images whose channels are last, and layers read")
    ):
        Architecture.from_module(model, images(3, 4, 4))


def test_convnext(imported, images):
    models = pytest.importorskip("torchvision.models", reason="needs evonas[vision]")
    block = models.convnext.CNBlockConfig(8, 12, 1)
    model = models.convnext.ConvNeXt([block, models.convnext.CNBlockConfig(12, None, 1)], num_classes=4)
    net, _ = imported(model, images(3, 16, 16))
    assert net.parameter_count() == sum(parameter.numel() for parameter in model.parameters())
