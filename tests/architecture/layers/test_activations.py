import re

import pytest
import torch
import torch.nn.functional as F

from evonas.architecture.layers import (
    ELU,
    GELU,
    Hardsigmoid,
    Hardswish,
    Layer,
    LeakyReLU,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Tanh,
)
from evonas.drawing.palette import Kind, kind_of
from evonas.errors import UserError

SAME = [
    (ReLU6(), F.relu6),
    (SiLU(), lambda x: x / (1 + torch.exp(-x))),
    (GELU(), lambda x: x * torch.distributions.Normal(0, 1).cdf(x)),
    (GELU(approximate=True), lambda x: F.gelu(x, approximate="tanh")),
    (Hardswish(), lambda x: x * F.relu6(x + 3) / 6),
    (Hardsigmoid(), lambda x: F.relu6(x + 3) / 6),
    (Sigmoid(), lambda x: 1 / (1 + torch.exp(-x))),
    (Tanh(), torch.tanh),
    (ELU(0.5), lambda x: torch.where(x > 0, x, 0.5 * (torch.exp(x) - 1))),
    (Mish(), lambda x: x * torch.tanh(torch.log(1 + torch.exp(x)))),
]


def named(part):
    return repr(part) if isinstance(part, Layer) else ""


@pytest.mark.parametrize(("layer", "function"), SAME, ids=named)
def test_values_and_shapes(compute, check_against_torch, layer, function):
    image = torch.linspace(-8, 8, 48, dtype=torch.float64).reshape(1, 3, 4, 4)
    torch.testing.assert_close(compute(layer, image), function(image))
    check_against_torch(layer, (3, 4, 4))
    check_against_torch(layer, (5,))


@pytest.mark.parametrize("layer", [layer for layer, _ in SAME] + [ReLU(), LeakyReLU(0.1)], ids=repr)
def test_idempotent_is_what_it_says(compute, layer):
    image = torch.linspace(-8, 8, 48, dtype=torch.float64).reshape(1, 3, 4, 4)
    once = compute(layer, image)
    assert torch.equal(compute(layer, once), once) == layer.idempotent


@pytest.mark.parametrize("layer", [layer for layer, _ in SAME], ids=repr)
def test_they_are_drawn_as_activations(layer):
    assert kind_of(layer) is Kind.ACTIVATION


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "ELU", "alpha": 0}, "ELU alpha: expected above 0, got 0"),
        ({"kind": "GELU", "approximate": "tanh"}, "GELU approximate: expected true or false, got 'tanh'"),
    ],
)
def test_bad_choices_are_refused(data, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Layer.from_dict(data)
