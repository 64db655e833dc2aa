"""What cannot be represented is named."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.errors import UserError


@pytest.fixture
def refused(images):
    def check(model, message, example=None):
        with pytest.raises(UserError, match=re.escape(message)) as caught:
            Architecture.from_module(model, images() if example is None else example)
        assert "\n" not in str(caught.value)

    return check


MODULES = {
    "no layer": (nn.Softplus(), "(Softplus) cannot be represented: no layer computes it; those "),
    "instances": (nn.InstanceNorm2d(4), "(InstanceNorm2d) cannot be represented: no layer computes it"),
    "pixels": (nn.LayerNorm((16, 16)), "a layer normalises vectors, images over all pixels and channels, or"),
    "smooth": (nn.Upsample(scale_factor=2, mode="bicubic"), "'nearest' or 'bilinear', not by 'bicubic'"),
    "no statistics": (nn.BatchNorm2d(4, track_running_stats=False), "it keeps no running statistics"),
    "reflection": (
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
        "(Conv2d) cannot be represented: its padding_mode is 'reflect', where a layer pads with zeros",
    ),
    "uneven": (nn.Conv2d(4, 4, 2, padding="same"), "its padding 'same' is uneven"),
    "spaced": (nn.MaxPool2d(2, dilation=2), "neither the indices of maxima nor spaced windows"),
    "cut": (nn.AvgPool2d(3, 2, ceil_mode=True), "means in windows that reach beyond the image (ceil_mode)"),
    "divisor": (nn.AvgPool2d(2, divisor_override=3), "a layer divides by the number of pixels"),
    "maxima": (nn.AdaptiveMaxPool2d(3), "the maxima of a grid of (3, 3) cells in an image of (16, 16)"),
    "factor": (nn.Upsample(scale_factor=1.3), "a layer resizes to a size, so to whole pixels: 1.3 times (16"),
    "hardtanh": (nn.Hardtanh(), "a layer limits numbers to 0 and 6 (ReLU6), not to -1.0 and 1.0"),
    "certain": (nn.Dropout(1.0), "(Dropout) cannot be represented: Dropout probability: expected"),
    "computed": (
        nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1)),
        "(ParametrizedConv2d) cannot be represented: its tensors are computed from others",
    ),
    "columns": (nn.Linear(16, 16), "a linear layer reads vectors (n, features), got (2, 4, 16, 16)"),
    "axes": (nn.Flatten(2), "it flattens axes 2 to -1, not all but the first"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding")
@pytest.mark.parametrize("case", MODULES)
def test_modules(case, refused, model_of, conv, head):
    module, message = MODULES[case]
    inside = nn.Sequential(nn.Identity(), module)
    model = model_of(
        lambda model, x: model.last(model.inside(model.conv(x)).flatten(1)),
        conv=conv(),
        inside=inside,
        last=nn.LazyLinear(3),
    )
    model(torch.randn(2, 3, 16, 16))
    refused(model, message)
    with pytest.raises(UserError, match=r"^model: inside\.1 \(\w+\) cannot be represented: "):
        Architecture.from_module(model, torch.randn(2, 3, 16, 16))


FUNCTIONS = {
    "softmax": (lambda x: x.softmax(1), "no layer computes it (an architecture gives logits: leave it out)"),
    "permute": (lambda x: x.permute(0, 1, 3, 2), "'permute' cannot be represented: no layer"),
    "shuffle": (
        lambda x: x.view(x.size(0), 2, 2, 16, 16).transpose(1, 2).reshape(x.shape),
        "'view' cannot be represented: no layer makes the shape (2, 2, 2, 16, 16) of (2, 4, 16, 16)",
    ),
    "noise": (lambda x: x + torch.zeros(2, 4, 16, 16).normal_(), "a constant for each of the 4 channels"),
    "columns": (lambda x: x * torch.arange(16.0), "each of the 4 channels, got the shape (16,)"),
    "difference": (lambda x: F.relu(x) - x, "no layer computes the difference of two tensors"),
    "ratio": (lambda x: 1 / x, "no layer divides by a tensor that depends on the images"),
    "broadcast": (lambda x: x + x.mean((2, 3), keepdim=True), "a layer adds tensors of one shape, got"),
    "spatial gate": (lambda x: x * F.conv2d(x, torch.ones(1, 4, 1, 1)), "or an image and a gate"),
    "every other": (lambda x: x[:, ::2], "a layer takes neighbouring channels, a rectangle of pixels, or"),
    "both": (lambda x: x[:, :2, 1:], "or every n-th pixel, one at a time"),
    "later ones": (lambda x: x[:, :, 1::2], "or every n-th pixel, one at a time"),
    "order": (lambda x: x[:, [1, 0, 3, 2]], "'getitem' cannot be represented: a layer takes neighbouring"),
    "halves": (lambda x: x.chunk(2, 2)[0], "a layer divides the channels (dim 1), and no other axis"),
    "reflected": (lambda x: F.pad(x, (1, 1, 1, 1), "reflect"), "a constant, not by mode 'reflect'"),
    "fewer": (lambda x: F.pad(x, (0, 0, 0, 0, -1, 0)), "a layer adds channels of zeros, and pads no pixels"),
    "pixels": (lambda x: F.pad(x, (1, 0, 0, 0, 0, 1)), "a layer adds channels of zeros, and pads no pixels"),
    "rows": (lambda x: torch.cat([x, x], 2), "a layer joins the channels (dim 1) of tensors, not dim 2"),
    "some": (lambda x: x.mean(1, keepdim=True), "means over height and width"),
    "always": (lambda x: F.dropout(x, 0.5), "it drops in evaluation mode too"),
    "statistics": (lambda x: F.batch_norm(x, None, None, training=True), "with the batch's own statistics"),
    "precision": (lambda x: x.double().float(), "'double' cannot be represented"),
    "limits": (lambda x: x.clamp(torch.zeros(4, 1, 1), torch.ones(4, 1, 1)), "(ReLU6), which are not learnt"),
    "places": (lambda x: x + nn.Parameter(torch.zeros(1, 4, 16, 16)), "got the shape (1, 4, 16, 16)"),
    "rows of pixels": (lambda x: x.permute(0, 2, 3, 1).chunk(2, 1)[0], "whose channels are last"),
    "another type": (lambda x: x.type(torch.float64).type(torch.float32), "a layer keeps the precision"),
    "argument": (lambda x: torch.mean(x, (2, 3), out=None), "of its arguments a layer has no use for some"),
}  # fmt: skip


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions(case, refused, model_of, conv):
    function, message = FUNCTIONS[case]
    model = model_of(
        lambda model, x: model.last(function(model.conv(x)).flatten(1)), conv=conv(), last=nn.LazyLinear(3)
    )
    model(torch.randn(2, 3, 16, 16))
    refused(model, message)


@pytest.mark.parametrize(
    "last",
    [nn.Softmax(1), nn.LogSoftmax(1), F.softmax, F.log_softmax, torch.softmax, "method"],
    ids=["Softmax", "LogSoftmax", "F.softmax", "F.log_softmax", "torch.softmax", "method"],
)
def test_softmax_at_the_end_is_to_be_left_out(last, refused, model_of, conv, head):
    """As a module as well as as a function."""

    def compute(model, x):
        logits = model.head(model.conv(x))
        if last == "method":
            return logits.log_softmax(1)
        return model.last(logits) if isinstance(last, nn.Module) else last(logits, 1)

    parts = {"last": last} if isinstance(last, nn.Module) else {}
    refused(model_of(compute, conv=conv(), head=head(), **parts), "gives logits: leave it out); those ")


class Shuffle(nn.Module):
    def forward(self, x):
        return x.transpose(2, 3)


def test_a_function_inside_a_module_is_found(refused, conv, head):
    model = nn.Sequential(conv(), nn.Sequential(Shuffle()), head())
    refused(model, "model: the operation 'transpose' in 1.0 (Shuffle) cannot be represented")


def test_attention_is_named(refused, model_of, conv, head):
    def forward(model, x):
        words = model.conv(x).flatten(2).mT
        return model.head[2](model.attn(words, words, words)[0].mean(1))

    model = model_of(forward, conv=conv(), attn=nn.MultiheadAttention(4, 2, batch_first=True), head=head())
    refused(model, "cannot be represented")


def test_shared_weights(refused, model_of, conv, head):
    def twice(model, x):
        return model.head(model.again(model.again(model.conv(x))))

    refused(
        model_of(twice, conv=conv(), again=conv(4), head=head()),
        "model: again (Conv2d) cannot be represented: it is called more than once, and weights cannot be",
    )
    tied = nn.Sequential(conv(), conv(4), conv(4), head())
    tied[2].weight = tied[1].weight
    refused(tied, "model: 2 (Conv2d) cannot be represented: it shares a tensor with 1 (Conv2d), and weights")
    norm = nn.BatchNorm2d(4, affine=False)
    refused(nn.Sequential(conv(), norm, conv(4), norm, head()), "it is called more than once")


def test_a_choice_that_depends_on_the_images(refused, model_of, conv, head):
    def forward(model, x):
        x = model.conv(x)
        return model.head(x if x.sum() > 0 else -x)

    refused(
        model_of(forward, conv=conv(), head=head()),
        "model: what it computes depends on the data: test_refusals.py, line ",
    )


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (lambda image, logits: image, "expected logits (n, classes) of it for 2 images, got (2, 4, 16, 16)"),
        (lambda image, logits: logits.sum(1), "expected logits (n, classes) of it for 2 images, got (2,)"),
        (lambda image, logits: (logits, image), "expected it to give one tensor, the logits, got tuple"),
        (lambda image, logits: {"out": logits}, "expected it to give one tensor, the logits, got dict"),
    ],
)
def test_outputs_that_are_no_logits(output, message, refused, model_of, conv, head):
    def forward(model, x):
        x = model.conv(x)
        return output(x, model.head(x))

    refused(model_of(forward, conv=conv(), head=head()), f"model: {message}")


class Two(nn.Module):
    def forward(self, left, right):
        return left + right


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_what_is_no_model_or_no_example(refused, images, conv, head):
    model = nn.Sequential(conv(), head())
    refused("resnet18", "model: expected an nn.Module or an ExportedProgram, got str")
    refused(torch.jit.script(model), "model: expected an nn.Module as it was before TorchScript")
    refused(Two(), "model: expected it to read the images alone, but it reads right too")
    refused(model, "example: expected a batch of images (n, channels, height, width), got 'x'", "x")
    refused(model, "got torch.int64 (2, 3)", torch.zeros(2, 3, dtype=torch.int64))
    refused(
        model,
        "example: the model cannot read a batch of shape (2, 1, 16, 16) and torch.float32: RuntimeError: ",
        images(1, 16, 16),
    )
    with pytest.raises(UserError, match=r"^example: expected a batch of images .* got None$"):
        Architecture.from_module(model)


def test_what_the_trace_does_not_see(refused, model_of, conv, head, images):
    model = model_of(
        lambda model, x: model.head(model.conv(x) * torch.rand(4, 1, 1)), conv=conv(), head=head()
    )
    refused(model, "something that the trace does not see changes them", images(count=1))


def test_another_precision_is_named(refused, model_of, conv, head):
    def forward(model, x):
        with torch.autocast("cpu", torch.bfloat16):
            return model.head(model.conv(x))

    refused(
        model_of(forward, conv=conv(), head=head()),
        "model: conv (Conv2d) cannot be represented: it gives torch.bfloat16 of images in torch.float32",
    )


def test_logits_that_do_not_depend_on_the_images(refused, model_of):
    refused(
        model_of(lambda model, x: torch.zeros(len(x), 5)),
        "model: expected it to give logits of the images, but what it gives does not depend on them",
    )


def test_the_size_of_an_output_is_said_to_be_too_much(refused, model_of, conv, head):
    def forward(model, x):
        return model.head(model.larger(model.conv(x), output_size=(32, 32)))

    larger = nn.ConvTranspose2d(4, 4, 3, 2, 1)
    refused(
        model_of(forward, conv=conv(), larger=larger, head=head()),
        "expected it to be called with an image alone, got 2 arguments; give output_padding where it is made",
    )


def test_a_hook_is_followed(imported, images, conv, head):
    model = nn.Sequential(conv(), head())
    model[0].register_forward_hook(lambda module, inputs, output: output * 2)
    net, _ = imported(model, images())
    assert list(net) == ["image", "n0", "mul", "n1.n0", "n1.n2"]
