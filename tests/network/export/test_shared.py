"""A layer that is called twice is exported once, and comes back as one that is called twice."""

import importlib.util
import re

import pytest
import torch
from shared_models import TIMES, made

from evonas.architecture import Architecture
from evonas.architecture.layers import Reuse
from evonas.network.deploy import Deployable
from evonas.network.export import FORMATS, export
from evonas.network.importing import read_program

ENDINGS = {"python": ".py", "pt2": ".pt2", "onnx": ".onnx"}


@pytest.mark.parametrize(
    "name",
    [
        "a factor, a slope and a norm",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("a block in a loop", "two sizes")),
    ],
)
def test_it_comes_out_in_every_format(name, same, tmp_path):
    net, weights = Architecture.from_module(made(name), torch.rand(2, 3, 8, 8).double())
    source = Deployable(net, {key: tensor.float() for key, tensor in weights.items()})
    for to in FORMATS:
        path = export(source, to, tmp_path / f"net{ENDINGS[to]}")[0]
        same(path, source, 1e-4 if to == "onnx" else 1e-5)
    back, carried = Architecture.from_module(read_program(tmp_path / "net.pt2"))
    assert back.key() == net.key()
    assert sum(isinstance(back.layer(node), Reuse) for node in back) == TIMES[name]
    assert sum(tensor.numel() for tensor in carried.values()) == sum(t.numel() for t in weights.values())


def test_the_python_file_makes_a_module_once(tmp_path):
    net, weights = Architecture.from_module(made("a block in a loop"), torch.rand(2, 3, 8, 8).double())
    source = Deployable(net, {key: tensor.float() for key, tensor in weights.items()})
    path = export(source, "python", tmp_path / "loop.py")[0]
    text = path.read_text()
    assert text.count("self.block_n0 = nn.Conv2d(4, 4, 3, padding=1, bias=False)") == 1
    assert text.count("self.block_n0(") == text.count("self.block_n1(") == 3
    assert not re.search(r"self\.block_n0_\d", text)
    spec = importlib.util.spec_from_file_location("loop", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert sum(parameter.numel() for parameter in module.load().parameters()) == net.parameter_count()
    again, _ = Architecture.from_module(module.load(), torch.rand(2, 3, 8, 8))
    assert again.key() == net.key()
