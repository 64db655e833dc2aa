"""What a trace could take for a constant: what is written elsewhere, or computed out of sight."""

import re
import types

import pytest
import torch
import torch.nn.functional as F
from torch import fx, nn

from evonas.architecture import Architecture
from evonas.errors import UserError
from evonas.network.export.quiet import quiet


@pytest.fixture
def parts(conv, head):
    torch.manual_seed(0)
    return {"first": conv(3, 4), "second": conv(3, 4), "factor": torch.zeros(1), "head": head()}


def refusal(model, example):
    with pytest.raises(UserError) as caught:
        Architecture.from_module(model, example)
    message = str(caught.value)
    assert message.startswith("model: ")
    assert "\n" not in message
    return message


def slice_set(x):
    larger = torch.zeros(len(x), 3, 8, 8)
    larger[:, :, 1:-1, 1:-1] = x
    return larger


def like(x):
    larger = F.pad(torch.zeros_like(x), (1, 1, 1, 1))
    larger[:, :, 1:-1, 1:-1] = x
    return larger


def sized_by(x):
    larger = x.new_zeros(x.size(0), 3, 8, 8)
    larger[..., 1:-1, 1:-1].copy_(x)
    return larger


def summed(x):
    total = torch.zeros(x.shape)
    total += x
    return total


def given_out(x):
    total = torch.empty(x.shape)
    torch.tanh(x, out=total)
    return total


WRITTEN = {
    "setitem": slice_set,
    "setitem, of a form": like,
    "copy": sized_by,
    "add": summed,
    "tanh": given_out,
}


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("case", WRITTEN)
def test_what_is_written_elsewhere_is_no_constant(case, hidden, parts, model_of):
    def forward(model, x):
        written = WRITTEN[case](x)
        if not hidden:
            return model.head(model.first(written))
        branch = F.adaptive_avg_pool2d(model.second(written), (6, 6))
        return model.head(model.first(x) + model.factor * branch)  # as branches begin that count nothing yet

    message = refusal(model_of(forward, **parts).eval(), torch.randn(2, 3, 6, 6))
    name = case.partition(",")[0]
    assert re.search(rf"'{name}' \(test_unseen\.py, line \d+\) writes what depends on the images", message)
    assert "torch.cat or F.pad" in message


@pytest.mark.parametrize("function", [slice_set, summed])
def test_nor_is_it_in_a_program(function, parts, model_of):
    model = model_of(lambda model, x: model.head(model.first(function(x))), **parts).eval()
    with quiet():
        program = torch.export.export(model, (torch.randn(2, 3, 6, 6),))
    assert "writes what depends on the images into a tensor" in refusal(program, torch.randn(2, 3, 6, 6))


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_functions_in_torchscript_are_followed(model_of, imported, images, conv, head):
    traced = torch.jit.trace(lambda x: torch.tanh(x) / 2, torch.zeros(2, 4, 6, 6))
    scripted = torch.jit.script(plus_rectified)

    def forward(model, x):
        x = model.conv(x)
        return model.head(scripted(x) + model.factor * traced(x))

    for factor in (0.0, 1.0):  # of a branch that may count nothing yet
        parts = {"conv": conv(), "factor": torch.full((1,), factor), "head": head()}
        net, _ = imported(model_of(forward, **parts), images(3, 6, 6))
        kinds = [net.layer(name).kind for name in net]
        assert sorted(kinds[2:-2]) == sorted(["ReLU", "Add", "Tanh", "Conv2d", "Add"])


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_what_they_ask_of_the_number_of_images(parts, model_of):
    scripted = torch.jit.script(rectified_if_many)
    model = model_of(lambda model, x: model.head(scripted(model.first(x))), **parts).eval()
    message = refusal(model, torch.randn(2, 3, 6, 6))
    assert message.startswith("model: what it computes depends on the number of images: with 65 images, ")


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("hidden", [False, True])
def test_what_they_change_in_place_is_said_with_its_line(hidden, parts, model_of):
    scripted = torch.jit.script(rectified_in_place)

    def forward(model, x):
        x = model.first(x)
        y = x.clone()
        scripted(y)
        return model.head(x + model.factor * y if hidden else y)

    message = refusal(model_of(forward, **parts).eval(), torch.randn(2, 3, 6, 6))
    assert "'relu_' is computed where a trace does not see it (test_unseen.py, line " in message
    assert ": scripted(y))" in message
    assert "torch.export.export(model, (images,))" in message


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_a_module_in_torchscript_is_named(parts, conv, head):
    model = nn.Sequential(conv(), nn.Sequential(torch.jit.script(nn.ReLU())), head())
    message = "model: expected an nn.Module as it was before TorchScript, got one in 1.0"
    assert refusal(model, torch.randn(2, 3, 6, 6)) == message


def test_an_error_that_the_model_catches(parts, model_of, imported, images, conv, head):
    def forward(model, x):
        try:
            model.wide(x)
        except RuntimeError:
            return model.head(model.first(x))

    net, _ = imported(model_of(forward, wide=nn.Linear(7, 7), first=conv(), head=head()), images())
    assert list(net) == ["image", "first", "head.n0", "head.n2"]


def test_what_a_tensor_is_given_as_its_data(parts, model_of, imported, images, conv, head):
    def forward(model, x):
        x = model.first(x)
        x.data = torch.tanh(x)
        return model.head(x)

    net, _ = imported(model_of(forward, first=conv(), head=head()), images())
    assert [net.layer(name).kind for name in net][2] == "Tanh"


def plus_rectified(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x) + x


def rectified_if_many(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x) if x.size(0) > 16 else torch.tanh(x)


def rectified_in_place(x: torch.Tensor) -> torch.Tensor:
    return torch.relu_(x)


class Centred(nn.Conv2d):
    def _conv_forward(self, images, weight, bias):
        return super()._conv_forward(images, weight - weight.mean((1, 2, 3), keepdim=True), bias)


def test_modules_that_compute_otherwise_than_their_class(imported, images, conv, head):
    model = nn.Sequential(Centred(3, 4, 3, padding=1), conv(4), head())
    model[1].forward = types.MethodType(lambda self, x: torch.tanh(nn.Conv2d.forward(self, x)), model[1])
    net, weights = imported(model, images())
    assert [net.layer(name).kind for name in net][1:4] == ["Conv2d", "Conv2d", "Tanh"]
    assert weights[f"{list(net)[1]}.weight"].mean((1, 2, 3)).abs().max() < 1e-6


class MonteCarlo(nn.Dropout):
    """Drops in evaluation mode too."""

    training = property(lambda self: True, lambda self, mode: None)


def test_a_layer_is_checked_behind_a_factor_of_zero(parts, model_of):
    def forward(model, x):
        return model.head(model.first(x) + model.factor * model.drop(model.second(x)))

    message = refusal(model_of(forward, drop=MonteCarlo(0.5), **parts).eval(), torch.randn(2, 3, 6, 6))
    assert message.startswith(
        "model: drop (MonteCarlo) cannot be represented: a layer of that name gives other"
    )
    assert "random numbers" in message


def test_state_that_a_model_keeps(parts, model_of):
    def kept(model, x):
        before, model.factor = model.factor, 0.5 * model.factor + torch.ones(1)
        return model.head(model.first(x) - before)

    message = refusal(model_of(kept, **parts).eval(), torch.randn(2, 3, 6, 6))
    assert "it changes its own tensors while it computes" in message


@pytest.mark.parametrize("hidden", [False, True])
def test_changes_in_place_in_inference_mode(hidden, model_of, images, conv, head):
    def forward(model, x):
        with torch.inference_mode():
            x = model.first(x)
            y = x.clone() if hidden else x
            model.change(y)
            y.mul_(2)
            return model.head(x + model.factor * y if hidden else x + y)

    parts = {"first": conv(), "change": nn.ReLU(inplace=True), "factor": torch.zeros(1), "head": head()}
    net, _ = Architecture.from_module(model_of(forward, **parts).eval(), images())
    kinds = [net.layer(name).kind for name in net]
    assert kinds[2:4] == ["ReLU", "Conv2d"]


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


def test_functions_with_gradients_of_their_own(imported, model_of, images, conv, head):
    model = model_of(lambda model, x: model.head(Reversed.apply(model.conv(x))), conv=conv(), head=head())
    net, _ = imported(model, images())
    assert list(net) == ["image", "conv", "head.n0", "head.n2"]


def test_a_graph_module_in_training_is_left_as_it_is(images, conv, head):
    model = fx.symbolic_trace(nn.Sequential(conv(), nn.BatchNorm2d(4), nn.Dropout(0.5), head())).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    net, _ = Architecture.from_module(model, images())
    assert [net.layer(name).kind for name in net][1:4] == ["Conv2d", "BatchNorm2d", "Dropout"]
    assert all(module.training for module in model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
