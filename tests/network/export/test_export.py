"""The front door: formats, paths, and that an export writes all or nothing."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from fresh import Fresh

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import GlobalAvgPool, Input, Linear
from evonas.errors import UserError
from evonas.network.deploy import Deployable
from evonas.network.export import FORMATS, export

ENDINGS = {"python": ".py", "pt2": ".pt2", "onnx": ".onnx"}


@pytest.fixture(scope="module")
def small(deploy: Callable[..., Deployable]) -> Deployable:
    net = Architecture()
    net.add("pool", GlobalAvgPool(), net.add("image", Input((1, 4, 4))))
    net.add("classifier", Linear(2), "pool")
    return deploy(net)


def test_the_formats() -> None:
    assert FORMATS == ("python", "pt2", "onnx")


def test_an_unknown_format_is_refused_with_the_nearest(small: Deployable, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"^export format 'onyx' is unknown; did you mean 'onnx'\? known: python"
    ):
        export(small, "onyx", tmp_path / "net.onnx")


@pytest.mark.parametrize("to", FORMATS)
def test_another_ending_is_refused(small: Deployable, tmp_path: Path, to: str) -> None:
    with pytest.raises(
        UserError, match=rf"^export: expected a file that ends in \{ENDINGS[to]}, got '.*net.txt'$"
    ):
        export(small, to, tmp_path / "net.txt")


@pytest.mark.parametrize("to", FORMATS)
def test_a_folder_is_refused(small: Deployable, tmp_path: Path, to: str) -> None:
    path = tmp_path / f"net{ENDINGS[to]}"
    path.mkdir()
    with pytest.raises(UserError, match=rf"^export: expected a file, got the folder '.*net\{ENDINGS[to]}'$"):
        export(small, to, path)


def test_a_folder_that_is_not_there_is_refused(small: Deployable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^export: expected a folder that exists, got '.*/nowhere'$"):
        export(small, "pt2", tmp_path / "nowhere" / "net.pt2")


@pytest.mark.parametrize(
    "length", [249, 300]
)  # of which only the temporary name, or the name itself is too long
def test_a_name_that_cannot_be_written_is_refused(small: Deployable, tmp_path: Path, length: int) -> None:
    with pytest.raises(UserError, match=r"^export '.*n.pt2': cannot be written: File name too long$"):
        export(small, "pt2", tmp_path / f"{'n' * length}.pt2")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["torch.py", "random.py", "safetensors.py"])
def test_a_file_that_would_hide_a_module_is_refused(small: Deployable, tmp_path: Path, name: str) -> None:
    with pytest.raises(
        UserError, match=rf"^export: expected a name that no module has, since {name} would hide"
    ):
        export(small, "python", tmp_path / name)


def test_too_few_names_of_classes_are_refused(
    deploy: Callable[..., Deployable], small: Deployable, tmp_path: Path
) -> None:
    source = Deployable(small.architecture, small.weights, ("cat",))
    with pytest.raises(
        UserError,
        match=r"^export classes: expected a name for each output, got 1 for outputs of shape \(2,\)$",
    ):
        export(source, "python", tmp_path / "net.py")


def test_the_files_are_given_back_and_replaced(small: Deployable, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("old")
    assert export(small, "python", tmp_path / "net.py") == [tmp_path / "net.py", tmp_path / "net.safetensors"]
    assert "class Network" in (tmp_path / "net.py").read_text()


def test_an_export_that_fails_leaves_the_old_files(small: Deployable, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("old")
    (tmp_path / "net.safetensors").mkdir()
    with pytest.raises(
        UserError, match=r"^export '.*/net.safetensors': cannot be written: a folder has that name"
    ):
        export(small, "python", tmp_path / "net.py")
    assert (tmp_path / "net.py").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.py", "net.safetensors"]


@pytest.mark.parametrize("to", FORMATS)
def test_no_global_generator_is_drawn_from(small: Deployable, tmp_path: Path, to: str) -> None:
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist())  # noqa: NPY002
    export(small, to, tmp_path / f"net{ENDINGS[to]}")
    after = (random.getstate(), np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist())  # noqa: NPY002
    assert before == after


QUIET = """
from pathlib import Path
from evonas.architecture import Architecture
from evonas.deploy import Deployable
from evonas.export import FORMATS, export
from evonas.layers import BatchNorm2d, Conv2d, Flatten, Input, Linear, MaxPool2d
from evonas.network import build, weights_of
net = Architecture()
x = net.add("image", Input((1, 4, 4)))
for number, layer in enumerate([Conv2d(2), BatchNorm2d(), MaxPool2d(2), Flatten(), Linear(3)]):
    x = net.add(f"layer{number}", layer, x)
for to, ending in zip(FORMATS, ("py", "pt2", "onnx")):
    export(Deployable(net, weights_of(build(net))), to, Path(f"net.{ending}"))
"""


def test_exporters_say_nothing(tmp_path: Path, fresh: Fresh) -> None:
    assert fresh(QUIET, tmp_path) == ("", "")
    assert len(list(tmp_path.iterdir())) == 4


def test_naming_the_formats_does_not_import_torch() -> None:
    code = "import sys, evonas.export; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
