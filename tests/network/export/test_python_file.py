"""The Python file at work: as a script, as a module, and with any names of classes."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import GlobalAvgPool, Linear
from evonas.network.deploy import Deployable
from evonas.network.export import export


def loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_as_a_script(mixed: Architecture, deploy: Callable[..., Deployable], tmp_path: Path) -> None:
    source = deploy(mixed, ['"', "'", "日本", "a\nb", "\udcff"])
    export(source, "python", tmp_path / "net.py")
    ended = subprocess.run([sys.executable, "-I", tmp_path / "net.py"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    count, shapes, taken = ended.stdout.splitlines()
    added = 2 * 3  # a mean and a deviation of each channel
    searched = source.architecture.parameter_count() - added
    assert count == (f"{searched:,} parameters, {added} more to normalise, weights from net.safetensors")
    assert shapes == "random images (2, 3, 9, 7) -> outputs (2, 5)"
    assert taken.startswith("taken for: [")


def test_it_can_be_trained_further(
    mixed: Architecture, deploy: Callable[..., Deployable], tmp_path: Path
) -> None:
    export(deploy(mixed), "python", tmp_path / "net.py")
    network = loaded(tmp_path / "net.py").load()
    assert not network.training
    network.train()(torch.rand(4, 3, 9, 7)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert network.stem_bn.num_batches_tracked == 1


def test_no_name_of_a_class_gets_out_of_its_string(
    chain: Callable[..., Architecture], deploy: Callable[..., Deployable], tmp_path: Path
) -> None:
    classes = (
        '"""\nimport os\n"""',
        "'; raise SystemExit #",
        '"); raise SystemExit #',
        "both ' and \"",
        "\\",
        '\\"',
        "{0} {version} {{",
        "line\u2028separator\r\n\x00",
        "\u202eright to left",
        "日本語 é",
        "\udcff not UTF-8",
        "",
    )
    net = chain(GlobalAvgPool(), Linear(len(classes)))
    export(deploy(net, classes), "python", tmp_path / "net.py")
    assert loaded(tmp_path / "net.py").CLASSES == classes
    source = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert "日本語 é" in source
    assert not any(sign in source for sign in "\u202e\u2028\x00\r")
