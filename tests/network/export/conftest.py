"""Networks to export, and a process without evonas to run the files in."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    ELU,
    GELU,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    CeilMaxPool2d,
    Concat,
    ConstantPad,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Dropout2d,
    DropPath,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Input,
    Layer,
    LayerNorm,
    LayerNorm2d,
    LeakyReLU,
    Linear,
    MaxPool2d,
    MinPool2d,
    Mish,
    Multiply,
    Pad,
    PadChannels,
    PaddedAvgPool2d,
    Pixel,
    PReLU,
    ReLU,
    ReLU6,
    Resize,
    Scale,
    Shape,
    Shift,
    Sigmoid,
    SiLU,
    TakeChannels,
    Tanh,
)
from evonas.data.images import Statistics
from evonas.network.deploy import Deployable, deployable
from evonas.network.export import export
from evonas.network.network import input_shape, weights_of

Outside = Callable[[Path, dict[str, torch.Tensor]], tuple[dict[str, torch.Tensor], list[str]]]


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Runs an exported file on inputs, in a process that cannot import evonas: outputs and classes."""
    folder = tmp_path_factory.mktemp("outside")
    command = [sys.executable, "-I", Path(__file__).with_name("outside.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def run(file: Path, inputs: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], list[str]]:
            save_file(inputs, folder / "inputs")
            job = {"file": str(file), "inputs": str(folder / "inputs"), "outputs": str(folder / "outputs")}
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert answer["error"] is None, answer["error"]
            return load_file(folder / "outputs"), list(answer["classes"])

        yield run
        process.stdin.close()


@pytest.fixture(scope="session")
def deploy(build_random: Callable[..., nn.Module]) -> Callable[..., Deployable]:
    """Random weights, random statistics of normalisation and of the images for an architecture."""

    def make(architecture: Architecture, classes: Sequence[str] | None = None, seed: int = 0) -> Deployable:
        channels = input_shape(architecture)[0]
        statistics = Statistics((90.0, 120.0, 150.0)[:channels], (40.0, 60.0, 80.0)[:channels])
        outputs = architecture.shape(architecture.output)[0]
        names = tuple(f"class {n}" for n in range(outputs)) if classes is None else tuple(classes)
        return deployable(architecture, weights_of(build_random(architecture, seed)), statistics, names)

    return make


@pytest.fixture(scope="session")
def same(outside: Outside) -> Callable[..., None]:
    """Compares an exported file with the network, for batches of 1, 3 and 8."""

    def check(file: Path, source: Deployable, tolerance: float) -> None:
        generator = torch.Generator().manual_seed(8)
        shape = input_shape(source.architecture)
        inputs = {str(n): 255 * torch.rand(n, *shape, generator=generator) for n in (1, 3, 8)}
        network = source.network()
        outputs, classes = outside(file, inputs)
        assert classes == list(source.classes)
        assert outputs.keys() == inputs.keys()
        for n, images in inputs.items():
            with torch.no_grad():
                wanted = network(images)
            assert wanted.std() > 0
            assert outputs[n].shape == wanted.shape
            assert (outputs[n] - wanted).abs().max() <= tolerance * wanted.abs().max()

    return check


@pytest.fixture(scope="session")
def mixed() -> Architecture:
    """A small network with every kind of layer: even, oblong, grouped, dilated and padded windows."""
    net = Architecture()
    image = net.add("image", Input((3, 9, 7)))
    x = net.add("stem.conv", Conv2d(8, (3, 1), (2, 1), bias=True), image)
    stem = net.add("stem.bn", BatchNorm2d(epsilon=1e-3), x)
    x = net.add("branch1.grouped", Conv2d(8, 3, groups=4, dilation=2), stem)
    left = net.add("branch1.relu", ReLU(), x)
    right = net.add("branch2.max", MaxPool2d((2, 4)), stem)
    x = net.add("sum", Add(), left, right, stem, left)
    shifted = net.add("shift", Shift(), x)
    x = net.add("joined", Concat(), x, shifted, x)
    alone = net.add("alone", Concat(), x)
    x = net.add("average", AvgPool2d((2, 2), 2, padding=(1, 0)), alone)
    y = net.add("even", Conv2d(6, 2, 2, padding=(1, 0)), alone)
    x = net.add("both", Concat(), x, y)
    x = net.add("max", MaxPool2d(3, 1, padding=0), net.add("max2", MaxPool2d(2, 1), x))
    x = net.add("min", MinPool2d(3, 1), net.add("leaky", LeakyReLU(0.1), x))
    x = net.add("resized", Resize((3, 2)), net.add("dropped", DropPath(), x))
    x = net.add("padded", PadChannels(2), net.add("taken", TakeChannels(5, start=1), x))
    x = net.add("grouped.norm", GroupNorm(7), net.add("sloped", PReLU(), x))
    x = net.add("pixels", LayerNorm2d(), net.add("slopes", PReLU(shared=False), x))
    x = net.add("enlarged", ConvTranspose2d(6, 3, 2, padding=1), net.add("channels", Dropout2d(0.2), x))
    x = net.add(
        "smooth", Resize((4, 3), "bilinear"), net.add("corners", Resize(5, "bilinear", corners=True), x)
    )
    x = net.add("framed", ConstantPad((0, 1, 0, 0), 0.5), net.add("zeros", Pad((1, 0, -1, 1)), x))
    x = net.add("scaled", Scale(0.7), x)
    x = net.add("averaged", PaddedAvgPool2d(3), net.add("ceil", CeilMaxPool2d(2, 2, padding=0), x))
    for number, activation in enumerate([ReLU6(), SiLU(), GELU(), GELU(approximate=True), ELU(0.5)]):
        x = net.add(f"active{number}", activation, x)
    gate = net.add("gate.pool", AdaptiveAvgPool2d(1), x)
    for number, squash in enumerate([Hardswish(), Hardsigmoid(), Mish(), Tanh(), Sigmoid()]):
        gate = net.add(f"gate.n{number}", squash, gate)
    x = net.add("gated", Multiply(), x, gate)
    x = net.add("gated2", Multiply(), net.add("pixel", Pixel(), net.add("mean", GlobalAvgPool(), x)), x)
    flat = net.add("flat", Flatten(), x)
    pooled = net.add("pooled", GlobalAvgPool(), x)
    x = net.add("vector", Concat(), flat, pooled)
    x = net.add("hidden", Linear(12, bias=False), x)
    x = net.add("vectors.norm", LayerNorm(), net.add("vectors.batch", BatchNorm1d(), x))
    x = net.add("drop", Dropout(0.3), net.add("relu", ReLU(), x))
    net.add("classifier", Linear(5), x)
    return net


@pytest.fixture(scope="session")
def chain() -> Callable[..., Architecture]:
    """Puts layers in a row."""

    def make(*layers: Layer, size: Shape = (2, 4, 4), names: Sequence[str] = ()) -> Architecture:
        net = Architecture()
        x = net.add("image", Input(size))
        for number, layer in enumerate(layers):
            x = net.add(names[number] if names else f"layer{number}", layer, x)
        return net

    return make


@pytest.fixture
def written(deploy: Callable[..., Deployable], tmp_path: Path) -> Callable[[Architecture], str]:
    """The source that an architecture is exported to, for classes without names."""

    def write(architecture: Architecture) -> str:
        return export(deploy(architecture, classes=()), "python", tmp_path / "net.py")[0].read_text()

    return write


@pytest.fixture
def checked(
    deploy: Callable[..., Deployable], same: Callable[..., None], tmp_path: Path
) -> Callable[[Architecture], str]:
    """As `written`, with the outputs compared in the process without evonas."""

    def check(architecture: Architecture) -> str:
        source = deploy(architecture, classes=())
        path = export(source, "python", tmp_path / "net.py")[0]
        same(path, source, 1e-5)
        return path.read_text()

    return check
