"""What is changed in place is followed, through every name that a tensor has; or refused with the line."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture import Architecture
from evonas.errors import UserError
from evonas.network.export.quiet import quiet
from evonas.network.network import build


def rectified(function):
    def forward(model, x):
        y = model.first(x)
        return model.head(model.second(function(y)) + y)

    return forward


def kept_beside(model, x):
    y = model.first(x)
    kept = y
    y *= torch.sigmoid(model.second(y))
    return model.head(y + kept)


def image_itself(model, x):
    x.sub_(0.5).div_(0.25)
    y = model.first(x)
    return model.head(y)


def image_read_again(model, x):
    F.hardtanh_(x, 0, 6)
    return model.head(torch.cat([model.first(x), x], 1))


def view_after(model, x):
    y = model.first(x)
    flat = y.view(y.size(0), -1)
    y.relu_()
    return model.wide(flat)


def views_of_views(model, x):
    y = model.first(x)
    flat = y.flatten(1)
    same = flat.view(flat.shape)
    torch.sigmoid_(y)
    y += 1
    return model.wide(same) + model.wide_too(y.flatten(1))


def twice_by_other_names(model, x):
    y = model.first(x)
    z = y.view(y.shape)
    F.leaky_relu_(z, 0.2)
    y.mul_(3)
    return model.head(z + model.second(y))


def given_elsewhere(model, x):
    y, z = model.first(x), model.second(model.first_too(x))
    z.add_(y)
    y.clamp_(min=0)
    return model.head(z + y)


def gate(model, x):
    y = model.first(x)
    y *= torch.sigmoid(y.mean((2, 3), keepdim=True))
    return model.head(F.silu(y, inplace=True) + y)


FOLLOWED = {
    "torch.relu_": rectified(torch.relu_),
    "F.relu_": rectified(F.relu_),
    "F.elu_": rectified(F.elu_),
    "F.leaky_relu_": rectified(lambda y: F.leaky_relu_(y, 0.3)),
    "F.hardtanh_": rectified(lambda y: F.hardtanh_(y, 0, 6)),
    "torch.clamp_": rectified(lambda y: torch.clamp_(y, 0, 6)),
    "torch.tanh_": rectified(torch.tanh_),
    "by argument": rectified(lambda y: F.mish(y, inplace=True)),
    "another name": kept_beside,
    "the image": image_itself,
    "the image, read again": image_read_again,
    "a view taken before": view_after,
    "views of views": views_of_views,
    "two names in turn": twice_by_other_names,
    "one into another": given_elsewhere,
    "a gate": gate,
}


@pytest.fixture
def parts(conv, head):
    torch.manual_seed(0)
    return {
        "first": conv(3, 4),
        "first_too": conv(3, 4),
        "second": conv(4, 4),
        "wide": nn.Linear(4 * 36, 5),
        "wide_too": nn.Linear(4 * 36, 5),
    }


@pytest.mark.parametrize("route", ["module", "program"])
@pytest.mark.parametrize("case", FOLLOWED)
def test_changes_are_followed(case, route, parts, model_of, head):
    parts["head"] = head(7 if case == "the image, read again" else 4)
    model = model_of(FOLLOWED[case], **parts).eval()
    example = torch.rand(2, 3, 6, 6) + 0.1  # what positive images do not show is followed all the same
    given = model
    if route == "program":
        with quiet():
            given = torch.export.export(model, (example.clone(),))
    net, weights = Architecture.from_module(given, example)
    network = build(net, weights=weights).eval()
    images = torch.randn(2, 3, 6, 6)
    with torch.no_grad():
        torch.testing.assert_close(network(images.clone()), model(images.clone()), rtol=1e-5, atol=1e-5)
    assert (example > 0).all()


def slice_changed(model, x):
    y = model.first(x)
    y[:, :2].relu_()
    return y


def item_set(model, x):
    y = model.first(x)
    y[:, 0] = 0
    return y


def base_of_view(model, x):
    y = model.first(x)
    y.flatten(1).tanh_()
    return y


def channels_last(model, x):
    y = model.first(x)
    y.transpose(2, 3).relu_()
    return y


def masked(model, x):
    y = model.first(x)
    y.masked_fill_(torch.ones(6, 6) > 0, 0)
    return y


def filled(model, x):
    y = model.first(x)
    y[0].zero_()
    return y


def halves(model, x):
    y = model.first(x)
    one, other = y.chunk(2, 1)
    one += other
    return y


def without_gradients(model, x):
    y = model.first(x)
    torch.relu_(y.data)
    return y


LOST = {
    "data": without_gradients,
    "relu": slice_changed,
    "setitem": item_set,
    "tanh": base_of_view,
    "relu_": channels_last,
    "masked_fill": masked,
    "zero": filled,
    "add": halves,
}


@pytest.mark.parametrize("case", LOST)
def test_what_cannot_be_followed_is_said_with_its_line(case, parts, model_of, head):
    model = model_of(lambda model, x: model.head(LOST[case](model, x)), head=head(), **parts).eval()
    with pytest.raises(UserError) as caught:
        Architecture.from_module(model, torch.rand(2, 3, 6, 6))
    message = str(caught.value)
    assert "\n" not in message
    assert re.search(rf"'{case.strip('_')}' .*test_in_place\.py, line \d+\)", message), message
    assert "hook" not in message


def test_a_change_that_nobody_reads_is_left_out(parts, model_of, head, imported, images):
    def forward(model, x):
        y = model.first(x)
        logits = model.head(y)
        y[:, 0] = 3
        y.flatten(1).relu_()
        return logits

    net, _ = imported(model_of(forward, first=parts["first"], head=head()), images())
    assert list(net) == ["image", "first", "head.n0", "head.n2"]


def test_a_shape_changed_in_place(parts, model_of, head, imported, images):
    def forward(model, x):
        y = F.adaptive_avg_pool2d(model.first(x), 1)
        y.squeeze_(3).squeeze_(2)
        return model.last(y)

    imported(model_of(forward, first=parts["first"], last=nn.Linear(4, 3)), images())


def test_weights_that_the_model_changes(parts, model_of, head):
    def forward(model, x):
        with torch.no_grad():
            model.first.weight.mul_(0.99)
        return model.head(model.first(x))

    model = model_of(forward, first=parts["first"], head=head())
    with pytest.raises(
        UserError, match=r"^model: first \(Conv2d\) .*: the model changes its tensors while it"
    ):
        Architecture.from_module(model, torch.rand(2, 3, 6, 6))
