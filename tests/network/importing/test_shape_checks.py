"""What a model asks of shapes is a constant; of the number of images or of their content, it is not."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture import Architecture
from evonas.errors import UserError


def shape_of(model, x):
    assert x.shape[1:] == (3, 8, 8), "expected small images"
    assert x.shape == (len(x), *x.size()[1:])
    return model.conv(x)


def rank(model, x):
    if x.ndim != 4 or not torch.is_tensor(x) or x.dtype != torch.float32 and x.dtype != torch.float64:
        raise ValueError("expected images")
    return model.conv(x.to(x.device))


def until_small(model, x):
    x = model.conv(x)
    while min(x.shape[-2:]) > 2:
        x = F.max_pool2d(x, 2)
    return x


def number_of_values(model, x):
    x = model.conv(x)
    return x * (1.0 if x.numel() // len(x) > 10 else 2.0)


def any_images(model, x):
    n, c, _, _ = x.shape
    if n == 0 or n < 0 or not n:
        raise ValueError("no images")
    return model.conv(x).reshape(n * 1, 4, *x.shape[2:])


def same_size(model, x):
    y = model.conv(x)
    if y.shape[0] == x.shape[0] and y.shape[2:] == x.shape[2:] and len(y) == len(x):
        y = y + model.other(x)
    return y


def its_own_limit(model, x):
    assert x.size(0) <= 64, "too many images"
    if x.shape[0] == 1000:
        raise ValueError("a strange number of images")
    return model.conv(x)


def layers_for_sizes(model, x):
    for _ in range(x.size(3) // 4):
        x = x * 0.5
    return model.conv(x) if x.is_floating_point() else x


READ = {
    "shape": shape_of,
    "rank": rank,
    "until small": until_small,
    "number of values": number_of_values,
    "any images": any_images,
    "same size": same_size,
    "its own limit": its_own_limit,
    "layers for sizes": layers_for_sizes,
}


@pytest.mark.parametrize("case", READ)
def test_sizes_are_constants(case, model_of, imported, images, conv, head):
    def forward(model, x):
        return model.head(READ[case](model, x))

    imported(model_of(forward, conv=conv(), other=conv(), head=head()), images(3, 8, 8))


def one_image(model, x):
    x = model.conv(x)
    if x.size(0) == 1:
        x = F.relu(x)
    return x


def many_images(model, x):
    return model.conv(x if x.shape[0] <= 16 else x * 2)


def average(model, x):
    return model.conv(x / x.size(0))


def rounds(model, x):
    x = model.conv(x)
    for _ in range(len(x)):
        x = F.relu(x) + 1
    return x


def half(model, x):
    return model.conv(x * (2.0 if x.shape[0] / 2 < 8 else 1.0))


def even(model, x):
    n = x.size(dim=0)
    return model.conv(F.relu(x)) if n % 2 == 0 else model.conv(x)


def empty(model, x):
    x = model.conv(x)
    return F.relu(x) if x.numel() > 5000 else x


def length(model, x):
    return model.conv(x if len(x) <= 16 else x * 2)


def alone(model, x):
    return model.conv(x * 2) if len(x) == 1 else model.conv(x)


def plain(model, x):
    return model.conv(x * 2 if int(x.size(0)) > 16 else x)


def power(model, x):
    return model.conv(x * 2 if x.size(0) ** 2 > 300 else x)


def portions(model, x):
    return model.conv(x * 2 if math.ceil(x.size(0) / 8) > 2 or x.shape[0] // 8 > 2 else x)


BATCH = {
    "one": (one_image, "if x.size(0) == 1:"),
    "many": (many_images, "return model.conv(x if x.shape[0] <= 16 else x * 2)"),
    "average": (average, "'div' (test_shape_checks.py, line"),
    "rounds": (rounds, "with one more, '"),
    "half": (half, "if x.shape[0] / 2 < 8"),
    "even": (even, "with one more, 'relu' (test_shape_checks.py, line"),
    "values": (empty, "if x.numel() > 5000"),
    "length": (length, "with 65 images, '"),
    "alone": (alone, "with one image, '"),
    "plain": (plain, "with 65 images, '"),
    "power": (power, "with 65 images, '"),
    "portions": (portions, "with 65 images, '"),
}


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("case", BATCH)
def test_what_depends_on_the_number_of_images(case, count, model_of, images, conv, head):
    function, said = BATCH[case]
    model = model_of(lambda model, x: model.head(function(model, x)), conv=conv(), head=head())
    with pytest.raises(UserError) as caught:
        Architecture.from_module(model, images(3, 8, 8, count=count))
    message = str(caught.value)
    assert message.startswith("model: what it computes depends on the number of images")
    assert said in message or "with one more, '" in message
    assert "\n" not in message
    assert re.search(r"test_shape_checks\.py, line \d+", message)


DATA = {
    "bool": lambda x: x if (x > 0).any() else -x,
    "item": lambda x: x * x.mean().item(),
    "float": lambda x: x + float(x.max()),
    "tolist": lambda x: x * x[0, 0, 0].tolist()[0],
    "equal": lambda x: x if torch.equal(x, x) else -x,
    "numpy": lambda x: x * float(x.detach().numpy().std()),
    "int": lambda x: F.max_pool2d(x, int(x.argmax()) % 2 + 1),
}


@pytest.mark.parametrize("case", DATA)
def test_what_depends_on_the_images_has_its_line_and_the_way_out(case, model_of, images, conv, head):
    model = model_of(lambda model, x: model.head(DATA[case](model.conv(x))), conv=conv(), head=head())
    with pytest.raises(UserError) as caught:
        Architecture.from_module(model, images(3, 8, 8))
    message = str(caught.value)
    assert message.startswith("model: what it computes depends on the data: test_shape_checks.py, line ")
    assert f'"{case}": lambda x:' in message
    assert "torch.export.export(model, (images,))" in message
    assert "\n" not in message


def test_what_a_model_catches_is_refused_all_the_same(model_of, images, conv, head):
    def forward(model, x):
        try:
            scale = 1.0 if x.sum() > 0 else 2.0
        except Exception:
            scale = 1.0
        return model.head(model.conv(x * scale))

    with pytest.raises(UserError, match="depends on the data: test_shape_checks.py"):
        Architecture.from_module(model_of(forward, conv=conv(), head=head()), images(3, 8, 8))


def test_parallel_models_are_what_they_hold(imported, images, conv, head):
    net, _ = imported(nn.Sequential(conv(), head()), images())
    wrapped = nn.DataParallel(nn.Sequential(conv(), head())).eval()
    assert Architecture.from_module(wrapped, images())[0] == net


def test_a_model_of_just_so_many_images(imported, model_of, images, conv, head):
    def forward(model, x):
        x = model.conv(x)
        return model.last(F.adaptive_avg_pool2d(x, 1).view(2, 4))

    model = model_of(forward, conv=conv(), last=nn.Linear(4, 3)).eval()
    net, _ = Architecture.from_module(model, images(3, 8, 8))
    assert list(net) == ["image", "conv", "adaptive_avg_pool2d", "last"]


class Checked(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        assert isinstance(x, torch.Tensor)
        print(f"{tuple(x.shape)} {x.dtype}")
        return self.body(x)


def test_what_is_printed_is_no_layer(imported, images, conv, head, capsys):
    net, _ = imported(Checked(nn.Sequential(conv(), head())), images(), double=False)
    assert "(2, 3, 16, 16) torch.float32" in capsys.readouterr().out
    assert list(net) == ["image", "body.n0", "body.n1.n0", "body.n1.n2"]
