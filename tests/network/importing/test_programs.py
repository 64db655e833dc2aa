"""Programs of torch.export, from files."""

import re

import pytest
import torch
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, GlobalAvgPool, Linear, MaxPool2d, ReLU
from evonas.errors import UserError
from evonas.network.deploy import Deployable
from evonas.network.export import export
from evonas.network.export.quiet import quiet
from evonas.network.importing import read_program
from evonas.network.network import build, weights_of


@pytest.fixture
def model(conv, head):
    torch.manual_seed(0)
    block = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Dropout(0.2))
    model = nn.ModuleDict({"block": block, "head": head()})
    model["block"][1].running_mean.normal_()

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = model
            self.register_buffer("mean", torch.rand(3, 1, 1))

        def forward(self, x):
            return self.parts["head"](self.parts["block"]((x - self.mean) / 0.5))

    return Whole().eval()


def exported(model, example, **choices):
    with quiet():
        return torch.export.export(model, (example,), **choices)


LAYERS = {
    "parts.block.n0": Conv2d(4, 3, bias=True),
    "parts.block.n1": BatchNorm2d(),
    "parts.block.n2": ReLU(),
    "parts.block.n3": MaxPool2d(2, 2, padding=0),
    "parts.head.n0": GlobalAvgPool(),
    "parts.head.n2": Linear(5),
}


@pytest.mark.parametrize("core", [False, True], ids=["as traced", "core operators"])
@pytest.mark.parametrize("free", [False, True], ids=["fixed batch", "free batch"])
def test_a_file_of_a_program(core, free, model, images, tmp_path):
    choices = {"dynamic_shapes": ({0: torch.export.Dim("batch", min=1)},)} if free else {}
    program = exported(model, images(), **choices)
    if core:
        with quiet():
            program = program.run_decompositions()
    with quiet():
        torch.export.save(program, tmp_path / "net.pt2")
    net, weights = Architecture.from_module(read_program(tmp_path / "net.pt2"))
    assert {name: net.layer(name) for name in net if name in LAYERS} == LAYERS
    again, _ = Architecture.from_module(read_program(str(tmp_path / "net.pt2")), images())
    assert again == net
    batch = images()
    with torch.no_grad():
        torch.testing.assert_close(
            build(net, weights=weights).eval()(batch), model(batch), rtol=1e-5, atol=1e-6
        )


def test_what_evonas_exports_comes_back(two_branches, build_random, tmp_path):
    network = build_random(two_branches)
    source = Deployable(two_branches, weights_of(network))
    (path,) = export(source, "pt2", tmp_path / "net.pt2")
    net, weights = Architecture.from_module(read_program(path))
    assert net.key() == two_branches.key()
    batch = torch.randn(3, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(build(net, weights=weights).eval()(batch), network(batch))


def test_a_program_of_a_model_in_training(model, images):
    with pytest.raises(
        UserError, match=r"parts\.block\.1 \(BatchNorm2d\) cannot .*; export a program of a model in"
    ):
        Architecture.from_module(exported(model.train(), images()))


def test_files_that_are_no_programs(tmp_path):
    with pytest.raises(UserError, match=r"^program: there is no file '.*missing\.pt2'$"):
        read_program(tmp_path / "missing.pt2")
    path = tmp_path / "text.pt2"
    path.write_text("not an archive")
    message = (
        rf"^program: {re.escape(repr(str(path)))} cannot be read as a \.pt2 file, which torch.export.save"
    )
    with pytest.raises(UserError, match=message):
        read_program(path)
