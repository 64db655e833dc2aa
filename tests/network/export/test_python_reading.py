"""How the Python file reads."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    ReLU,
)
from evonas.network.deploy import Deployable
from evonas.network.export import export

ROOT = Path(__file__).resolve().parents[3]

EXPECTED = '''
class Network(nn.Module):
    """The network: (n, 1, 5, 5) to (n, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = nn.Conv2d(1, 1, 1)

        # stem
        self.stem_conv = nn.Conv2d(1, 4, (3, 1), stride=(2, 1), padding=(1, 0), bias=False)
        self.stem_bn = nn.BatchNorm2d(4)

        # stage1.cell1
        self.stage1_cell1_left_conv = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.stage1_cell1_right_conv = nn.Conv2d(4, 4, 1, bias=False)

        self.classifier = nn.Linear(12, 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Computes the output; the shapes in the comments are those of one image."""
        x = self.normalise(image)

        # stem
        x = self.stem_conv(x)  # (4, 3, 5)
        stem_bn = self.stem_bn(x)  # (4, 3, 5)

        # stage1.cell1
        left_conv = self.stage1_cell1_left_conv(stem_bn)  # (4, 3, 5)
        x = torch.relu(stem_bn)
        x = self.stage1_cell1_right_conv(x)
        x = left_conv + x + stem_bn
        x = torch.cat([x, left_conv, x], dim=1)  # (12, 3, 5)

        x = torch.mean(x, dim=(2, 3))  # (12,)
        return self.classifier(x)  # (2,)


def load('''


def test_how_it_reads(written: Callable[[Architecture], str]) -> None:
    net = Architecture()
    x = net.add("image", Input((1, 5, 5)))
    x = net.add("stem.conv", Conv2d(4, (3, 1), (2, 1)), x)
    stem = net.add("stem.bn", BatchNorm2d(), x)
    left = net.add("stage1.cell1.left.conv", Conv2d(4, 3, groups=2), stem)
    x = net.add("stage1.cell1.relu", ReLU(), stem)
    right = net.add("stage1.cell1.right.conv", Conv2d(4, 1), x)
    x = net.add("stage1.cell1.add", Add(), left, right, stem)
    x = net.add("stage1.cell1.output", Concat(), x, left, x)
    net.add("classifier", Linear(2), net.add("pool", GlobalAvgPool(), x))
    source = written(net)
    assert EXPECTED in source
    assert "Input: images, float32, (n, 1, 5, 5): channels first" in source


def linted(path: Path) -> str:
    """What ruff says of a file and of its format."""
    settings = ["--no-cache", "--config", ROOT / "pyproject.toml", path]
    said = ""
    for command in (["check", "--quiet"], ["format", "--quiet", "--diff"]):
        arguments = [sys.executable, "-m", "ruff", *command, *settings]
        ended = subprocess.run(arguments, capture_output=True, text=True)
        said += ended.stdout + ended.stderr + (f"exit status {ended.returncode}" if ended.returncode else "")
    return said


@pytest.mark.parametrize(
    "classes", [(), ("one",) * 5, tuple(f"a class with a long name {n}" for n in range(5))]
)
def test_linters_have_nothing_to_say(
    mixed: Architecture, deploy: Callable[..., Deployable], tmp_path: Path, classes: tuple[str, ...]
) -> None:
    assert linted(export(deploy(mixed, classes), "python", tmp_path / "net.py")[0]) == ""


@pytest.mark.parametrize("length", [10, 20, 25, 30, 33])
def test_linters_have_nothing_to_say_of_long_names(
    deploy: Callable[..., Deployable], tmp_path: Path, length: int
) -> None:
    net = Architecture()
    values = [net.add("n" * length, Input((2, 4, 4)))]
    for part in "abcd":
        convolution = Conv2d(2, (3, 1), (2, 1), bias=True)
        values.append(net.add(f"stage1.cell.{part * length}", convolution, values[0]))
    total = net.add("stage1.cell.sum", Add(), *values[1:])
    x = net.add("stage1.cell.cat", Concat(), *values[1:], total)
    x = net.add(f"{'p' * length}.pool", MaxPool2d(2, 1), x)
    x = net.add(f"{'s' * length}.s", Conv2d(6, groups=2, dilation=2), x)
    net.add("l" * length, Linear(2), net.add("flat", Flatten(), x))
    assert linted(export(deploy(net), "python", tmp_path / "net.py")[0]) == ""


def test_names_that_mean_something_else_in_the_code(checked: Callable[[Architecture], str]) -> None:
    names = [
        "x",
        "torch",
        "nn",
        "F",
        "register.buffer",
        "a.b",
        "a_b",
        "a.c",
        "a_",
        "Network",
        "print",
    ]
    net = Architecture()
    values = [net.add("super", Input((2, 4, 4)))]
    for name in names:
        values.append(net.add(name, Conv2d(2, bias=True), values[-1]))
    total = net.add("i.sum", Add(), *values)  # keeps every value alive
    net.add("self_", ReLU(), total)
    net.add("x_", GlobalAvgPool(), "self_")
    checked(net)


def test_a_network_without_weights(
    chain: Callable[..., Architecture], checked: Callable[[Architecture], str]
) -> None:
    assert "import torch.nn.functional" not in checked(chain(GlobalAvgPool()))


def test_layers_that_pass_their_input_on(
    chain: Callable[..., Architecture], checked: Callable[[Architecture], str]
) -> None:
    net = chain(Conv2d(3, 1), Concat(), Add(), ReLU(), Concat(), size=(2, 1, 2))
    source = checked(net)
    assert "return torch.relu(x)" in source


def test_a_sum_of_a_thousand(checked: Callable[[Architecture], str]) -> None:
    net = Architecture()
    image = net.add("image", Input((2, 2, 2)))
    net.add("pool", GlobalAvgPool(), net.add("sum", Add(), *[image] * 1000))
    checked(net)
